// Calls: what is listed, let through and denied, and what the client reads of it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { outcome, SPEAKERS, STATELESS, WITHOUT_SESSIONS } from './speakers.mjs';
import { events, open, Witness, world } from './world.mjs';

const HIDDEN = ['delete_file', 'format_disk'];
const SHOWN = ['ask_owner', 'publish', 'read_file', 'send_email', 'slow_report', 'summarize', 'write_file'];
const DENIED = 4030;

const here = world();

/** Runs a test with a client that is closed at its end, and a witness at its server. */
const speak = (speaker, url, test) => async () => {
    const witness = await Witness.of(here[speaker.server]);
    const client = await speaker.connect(url(speaker.server));
    try {
        await test(client, witness);
    } finally {
        await client.close();
    }
};
const direct = server => here[server].url;
const guarded = server => `${here.gateway.origin}/${server}`;
const strict = server => `${here.gateway.origin}/strict_${server}`;

for (const speaker of SPEAKERS) {
    describe(speaker.title, () => {
        // What the tests below rely on when they say that something is hidden or did not arrive.
        it('the server alone lists everything and does everything', speak(speaker, direct, async (client, witness) => {
            assert.equal(client.agreed(), speaker.version);
            assert.deepEqual((await client.tools()).sort(), [...HIDDEN, ...SHOWN].sort());
            assert.equal(outcome(await client.call('delete_file', { path: 'a' })).text, 'deleted a');
            assert.deepEqual(await witness.saw(), ['delete_file']);
        }));

        it('a client agrees on the newest version that both speak', speak(speaker, guarded, async client => {
            assert.equal(client.agreed(), speaker.version);
            assert.equal(client.client.getServerVersion().name, 'office');
            assert.equal(client.transport.sessionId === undefined, speaker.version === STATELESS);
        }));

        it('tools that are denied for certain are not listed', speak(speaker, guarded, async client => {
            // Listed are: allowed ones, one that depends on its arguments, and one that needs a person.
            assert.deepEqual((await client.tools()).sort(), SHOWN);
        }));

        it('an allowed call is answered by the server', speak(speaker, guarded, async (client, witness) => {
            const read = outcome(await client.call('read_file', { path: 'notes/todo.txt' }));
            assert.deepEqual(read, { failed: false, text: 'renew the certificates\n' });
            // A failure of the tool itself is the server's answer, passed on as it is.
            const missing = outcome(await client.call('read_file', { path: 'no/such/file' }));
            assert.deepEqual(missing, { failed: true, text: 'no such file' });
            assert.equal(outcome(await client.call('write_file', { path: 'a', bytes: 100 })).text, 'wrote a');
            assert.deepEqual(await witness.saw(), ['read_file', 'read_file', 'write_file']);
        }));

        it('a denied call tells the model why', speak(speaker, guarded, async (client, witness) => {
            const denied = await client.call('delete_file', { path: 'notes/todo.txt' });
            const { failed, text } = outcome(denied);
            assert.ok(failed);
            assert.match(text, /no_deletes/, 'the reason names the rule');
            assert.doesNotMatch(text, /todo\.txt/, 'the reason repeats no argument');
            assert.equal(denied._meta['aegis/decision'].code, 'rule_denied');
            assert.ok(outcome(await client.call('write_file', { path: 'a', bytes: 101 })).failed);
            assert.ok(outcome(await client.call('format_disk')).failed);
            assert.ok(!outcome(await client.call('read_file', { path: 'notes/todo.txt' })).failed, 'the client may go on');
            assert.deepEqual(await witness.saw(), ['read_file'], 'what was denied never arrived');
        }));

        it('a route may deny with a JSON-RPC error', speak(speaker, strict, async (client, witness) => {
            const error = await client.call('delete_file', { path: 'notes/todo.txt' });
            assert.ok(error instanceof Error, JSON.stringify(error));
            assert.equal(error.code, DENIED);
            assert.match(error.message, /no_deletes/);
            assert.equal(error.data.code, 'rule_denied');
            assert.ok(!outcome(await client.call('read_file', { path: 'notes/todo.txt' })).failed);
            assert.deepEqual(await witness.saw(), ['read_file']);
        }));

        it('resources are read under the policy', speak(speaker, guarded, async (client, witness) => {
            const { resources } = await client.client.listResources();
            assert.deepEqual(resources.map(resource => resource.uri), ['docs://handbook', 'docs://salaries']);
            const read = await client.attempt('readResource', { uri: 'docs://handbook' });
            assert.equal(read.contents?.[0].text, 'Be kind.');
            const error = await client.attempt('readResource', { uri: 'docs://salaries' });
            assert.equal(error.code, DENIED);
            assert.match(error.message, /no_salaries/);
            assert.deepEqual(await witness.saw(), ['docs://handbook']);
        }));

        it('prompts are fetched under the policy', speak(speaker, guarded, async (client, witness) => {
            const { prompts } = await client.client.listPrompts();
            assert.deepEqual(prompts.map(prompt => prompt.name), ['summary', 'layoffs']);
            const fetched = await client.attempt('getPrompt', { name: 'summary' });
            assert.equal(fetched.messages?.[0].content.text, 'Sum it up.');
            const error = await client.attempt('getPrompt', { name: 'layoffs' });
            assert.equal(error.code, DENIED);
            assert.equal(error.data.code, 'default_denied');
            assert.deepEqual(await witness.saw(), ['summary']);
        }));

        it('progress comes while the call is still under way', speak(speaker, guarded, async (client, witness) => {
            const told = Promise.withResolvers();
            const report = client.call('slow_report', { away: false }, { onprogress: told.resolve });
            assert.deepEqual(await told.promise, { progress: 1, total: 2, message: 'half' });
            await witness.until('slow_report waits');
            await witness.goOn();
            assert.deepEqual(outcome(await report), { failed: false, text: 'the report' });
        }));

        it('a call that its client gives up is cancelled at the server', speak(speaker, guarded, async (client, witness) => {
            const patience = new AbortController();
            const report = client.call('slow_report', { away: false }, { signal: patience.signal });
            await witness.until('slow_report waits');
            patience.abort('enough');
            assert.ok((await report) instanceof Error);
            await witness.until('slow_report cancelled');
            assert.ok(!outcome(await client.call('read_file', { path: 'notes/todo.txt' })).failed, 'the client may go on');
        }));

        it('the server may ask the user and the model within a call', speak(speaker, guarded, async client => {
            assert.deepEqual(outcome(await client.call('ask_owner')), { failed: false, text: 'painted green' });
            assert.deepEqual(outcome(await client.call('summarize')), { failed: false, text: 'summary: Sum up: fine' });
        }));
    });
}

for (const speaker of WITHOUT_SESSIONS) {
    it(`${speaker.title}: a listener hears of changes`, speak(speaker, guarded, async client => {
        const heard = Promise.withResolvers();
        client.onToolsChanged = heard.resolve;
        const subscription = await client.client.listen({ toolsListChanged: true });
        assert.equal(subscription.honoredFilter.toolsListChanged, true);
        assert.equal(outcome(await client.call('publish')).text, 'published');
        await heard.promise;
        await subscription.close();
        assert.equal(await subscription.closed, 'local');
    }));
}

it('a list that was filtered for one caller is not for others to keep', async () => {
    const list = async url => {
        const envelope = {
            'io.modelcontextprotocol/protocolVersion': STATELESS,
            'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
            'io.modelcontextprotocol/clientCapabilities': {}
        };
        const response = await fetch(url, {
            method: 'POST',
            headers: {
                'Content-Type': 'application/json',
                Accept: 'application/json, text/event-stream',
                'MCP-Protocol-Version': STATELESS,
                'Mcp-Method': 'tools/list'
            },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: envelope } })
        });
        if (response.headers.get('content-type') === 'application/json') return (await response.json()).result;
        for await (const { data } of events(response)) if (data?.id === 1) return data.result;
        return undefined;
    };
    const [whole, filtered] = [await list(direct('v2')), await list(guarded('v2'))];
    assert.equal(whole.cacheScope, 'public');
    assert.equal(whole.tools.length, HIDDEN.length + SHOWN.length);
    assert.equal(filtered.tools.length, SHOWN.length);
    assert.equal(filtered.cacheScope, 'private');
});

it('after SIGTERM the ledger verifies and holds every call', async () => {
    const gateway = await open(here, 'another');
    for (const speaker of SPEAKERS) {
        const client = await speaker.connect(`${gateway.origin}/${speaker.server}`);
        assert.ok(!outcome(await client.call('read_file', { path: 'notes/todo.txt' })).failed);
        assert.ok(outcome(await client.call('delete_file', { path: 'notes/todo.txt' })).failed);
        await client.close();
    }
    const decisions = /(\d+) decision ALLOW[^]*?(\d+) decision DENY/.exec(await gateway.stopAndVerify());
    assert.deepEqual(decisions?.slice(1).map(Number), [SPEAKERS.length, SPEAKERS.length]);
});
