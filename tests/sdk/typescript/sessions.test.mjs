// Sessions: streams that the server opens, streams that are dropped and resumed, whose a session is, and its end.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { IN_SESSIONS, outcome, SESSION } from './speakers.mjs';
import { events, KEYS, Witness, world } from './world.mjs';

const here = world();
const guarded = server => `${here.gateway.origin}/${server}`;
const keyed = server => `${here.gateway.origin}/keyed_${server}`;

/** A request of a session, written by hand. */
function raw(url, method, headers, message) {
    return fetch(url, {
        method,
        headers: {
            'Content-Type': 'application/json',
            Accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
            'MCP-Protocol-Version': SESSION,
            ...headers
        },
        body: message && JSON.stringify({ jsonrpc: '2.0', ...message }),
        signal: AbortSignal.timeout(20_000)
    });
}

const PING = { id: 1, method: 'ping' };
const call = (name, args) => ({ id: 7, method: 'tools/call', params: { name, arguments: args } });

/** The message with this id on a stream. */
async function result(response, id) {
    for await (const { data } of events(response)) if (data?.id === id) return data.result;
    return undefined;
}

for (const speaker of IN_SESSIONS) {
    const server = speaker.server;
    describe(speaker.title, () => {
        it('the server is heard outside of calls, and the client too', async () => {
            const witness = await Witness.of(here[server]);
            const client = await speaker.connect(guarded(server));
            await witness.until('stream opened');
            const heard = Promise.withResolvers();
            client.onToolsChanged = heard.resolve;
            assert.equal(outcome(await client.call('publish')).text, 'published');
            await heard.promise;
            await client.client.sendRootsListChanged();
            await witness.until('roots changed');
            await client.client.ping();
            await client.close();
        });

        it('a client comes back for the answer when the server closes the stream', async () => {
            const witness = await Witness.of(here[server]);
            const client = await speaker.connect(guarded(server));
            const report = client.call('slow_report', { away: true });
            await witness.until('slow_report waits');
            await witness.until('stream resumed');
            await witness.goOn();
            assert.deepEqual(outcome(await report), { failed: false, text: 'the report' });
            await client.close();
        });

        it('a call is resumed by another connection of the same session', async () => {
            const witness = await Witness.of(here[server]);
            const client = await speaker.connect(guarded(server));
            const { sessionId, protocolVersion } = client.transport;
            const token = Promise.withResolvers();
            const dropped = client.call('slow_report', { away: false }, { onresumptiontoken: token.resolve });
            const resumptionToken = await token.promise;
            await witness.until('slow_report waits');
            await client.transport.close();
            assert.ok((await dropped) instanceof Error);

            const known = { sessionId, protocolVersion };
            const again = await speaker.connect(guarded(server), { known });
            again.transport.setProtocolVersion?.(SESSION);
            const report = again.call('slow_report', { away: false }, { resumptionToken });
            await witness.until('stream resumed');
            await witness.goOn();
            assert.deepEqual(outcome(await report), { failed: false, text: 'the report' });
            const calls = (await witness.saw()).filter(what => what === 'slow_report');
            assert.equal(calls.length, 1, 'the call ran once');
            await again.close();
        });

        it('what a dropped stream missed is replayed after Last-Event-ID', async () => {
            const witness = await Witness.of(here[server]);
            const client = await speaker.connect(guarded(server));
            const session = { 'Mcp-Session-Id': client.transport.sessionId };
            const response = await raw(guarded(server), 'POST', session, call('slow_report', { away: false }));
            const stream = events(response);
            const first = (await stream.next()).value;
            assert.ok(first.id, 'the stream begins with an id to come back to');
            await witness.until('slow_report waits');
            await stream.return();
            await witness.goOn();
            const resumed = await raw(guarded(server), 'GET', { ...session, 'Last-Event-ID': first.id });
            assert.equal(resumed.status, 200);
            assert.equal((await result(resumed, 7)).content[0].text, 'the report');
            await client.close();
        });

        it("another caller's session is of no use", async () => {
            const url = keyed(server);
            const [alice, bob] = ['alice', 'bob'].map(name => ({ 'X-Api-Key': KEYS[name] }));
            const client = await speaker.connect(url, { headers: alice });
            const session = { 'Mcp-Session-Id': client.transport.sessionId };
            const status = async (method, headers, message) => {
                const response = await raw(url, method, headers, message);
                await response.body?.cancel();
                return response.status;
            };
            assert.equal(await status('POST', { ...alice, ...session }, PING), 200);
            assert.equal(await status('POST', { ...bob, ...session }, PING), 404);
            assert.equal(await status('POST', { ...bob, ...session }, { id: 0, result: {} }), 404);
            assert.equal(await status('GET', { ...bob, ...session }), 404);
            assert.equal(await status('GET', { ...bob, ...session, 'Last-Event-ID': 'x/1' }), 404);
            assert.equal(await status('DELETE', { ...bob, ...session }), 404);
            assert.equal(await status('POST', session, PING), 401);
            // The other route to the same server knows the session as little.
            const elsewhere = await raw(guarded(server), 'POST', session, PING);
            assert.equal(elsewhere.status, 404);
            await elsewhere.body?.cancel();
            const known = { sessionId: client.transport.sessionId, protocolVersion: SESSION };
            const thief = await speaker.connect(url, { headers: bob, known });
            assert.ok((await thief.call('read_file', { path: 'notes/todo.txt' })) instanceof Error);
            await thief.close();
            assert.ok(!outcome(await client.call('read_file', { path: 'notes/todo.txt' })).failed, 'it is still its owner\'s');
            await client.close();
        });

        it('a session ends with DELETE', async () => {
            const client = await speaker.connect(guarded(server));
            const session = { 'Mcp-Session-Id': client.transport.sessionId };
            await client.transport.terminateSession();
            const response = await raw(guarded(server), 'POST', session, PING);
            assert.equal(response.status, 404);
            await response.body?.cancel();
            await client.close();
        });
    });
}
