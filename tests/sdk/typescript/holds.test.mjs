// Calls that need a person: what the client reads while nobody has approved, and that a call runs at most once and never
// without an approval. Whether the tool ran is asked of the server itself.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { outcome, SPEAKERS } from './speakers.mjs';
import { KEYS, Witness, world } from './world.mjs';

const LIMIT_MS = 20_000;
const here = world();

/** Somebody with a key for the control API. */
const approver = {
    async ask(method, path, body) {
        const response = await fetch(`${here.gateway.control}/api/v1/holds${path}`, {
            method,
            headers: { 'X-Api-Key': KEYS.ops, ...(body && { 'Content-Type': 'application/json' }) },
            body: body && JSON.stringify(body),
            signal: AbortSignal.timeout(LIMIT_MS)
        });
        assert.equal(response.status, 200, `${method} ${path}`);
        return response.json();
    },
    decide(id, verb, comment = '') {
        return this.ask('POST', `/${id}/${verb}`, { comment });
    },
    show(id) {
        return this.ask('GET', `/${id}`);
    },
    /** The id of the hold that a request waits for, once there is one. */
    async waiting() {
        const page = () => this.ask('GET', '?state=pending');
        return (await until(async () => (await page()).holds.find(hold => hold.waiting > 0))).hold_id;
    },
    /** Returns once no request waits for the hold. */
    async leftAlone(id) {
        await until(async () => (await this.show(id)).waiting === 0);
    }
};

/** What `look` finds, once it does: the control API tells how things stand and nothing of changes, so it is asked again. */
async function until(look) {
    for (const end = Date.now() + LIMIT_MS; Date.now() < end; await pause(20)) {
        const found = await look();
        if (found) return found;
    }
    throw new Error(`nothing after ${LIMIT_MS} ms: ${look}`);
}

/** Runs a test with a client that has a key and is closed at its end, and a witness at its server. */
const speak = (speaker, route, test) => async () => {
    const witness = await Witness.of(here[speaker.server]);
    const url = `${here.gateway.origin}/${route}_${speaker.server}`;
    const client = await speaker.connect(url, { headers: { 'X-Api-Key': KEYS.alice } });
    try {
        await test(client, witness);
    } finally {
        await client.close();
    }
};

/** What a refusal says for programs. */
function note(result) {
    assert.ok(outcome(result).failed, JSON.stringify(result));
    return result._meta['aegis/decision'];
}

for (const speaker of SPEAKERS) {
    const to = name => ({ to: `${name} ${speaker.title}` });

    describe(speaker.title, () => {
        it('a held call tells how to go on and runs once when it is repeated', speak(speaker, 'told', async (client, witness) => {
            const mail = to('later');
            const told = await client.call('send_email', mail);
            const { code, state, hold_id: id } = note(told);
            assert.deepEqual([code, state], ['approval_required', 'pending']);
            const { text } = outcome(told);
            assert.ok(text.includes(id) && text.includes('Repeat exactly the same call'), text);
            assert.match(text, /mail_needs_a_person/, 'the reason names the rule');
            assert.equal(note(await client.call('send_email', mail)).hold_id, id, 'a repeat finds the same hold');
            assert.deepEqual(await witness.saw(), []);
            assert.equal((await approver.decide(id, 'approve')).state, 'approved');
            assert.deepEqual(outcome(await client.call('send_email', mail)), { failed: false, text: `sent to ${mail.to}` });
            assert.notEqual(note(await client.call('send_email', mail)).hold_id, id, 'one approval lets one call through');
            assert.deepEqual(await witness.saw(), ['send_email']);
        }));

        it('a call that is approved while it waits is answered by the tool', speak(speaker, 'waiting', async (client, witness) => {
            const mail = to('now');
            const call = client.call('send_email', mail);
            const id = await approver.waiting();
            assert.deepEqual(await witness.saw(), []);
            await approver.decide(id, 'approve');
            assert.deepEqual(outcome(await call), { failed: false, text: `sent to ${mail.to}` });
            assert.deepEqual(await witness.saw(), ['send_email']);
        }));

        it('a rejected call tells the model so and is not asked for again', speak(speaker, 'waiting', async (client, witness) => {
            const mail = to('never');
            const call = client.call('send_email', mail);
            const id = await approver.waiting();
            await approver.decide(id, 'reject', 'not to strangers');
            for (const rejected of [await call, await client.call('send_email', mail)]) {
                assert.deepEqual([note(rejected).code, note(rejected).hold_id], ['hold_rejected', id]);
                assert.match(outcome(rejected).text, /not to strangers/);
            }
            assert.deepEqual(await witness.saw(), []);
        }));

        it('a call that is given up while it waits runs only when it is repeated', speak(speaker, 'waiting', async (client, witness) => {
            const mail = to('again');
            const patience = new AbortController();
            const call = client.call('send_email', mail, { signal: patience.signal });
            const id = await approver.waiting();
            patience.abort('enough');
            assert.ok((await call) instanceof Error);
            await approver.leftAlone(id);
            assert.equal((await approver.show(id)).state, 'pending', 'the ticket stays');
            await approver.decide(id, 'approve');
            assert.ok(!outcome(await client.call('read_file', { path: 'notes/todo.txt' })).failed, 'the client may go on');
            assert.deepEqual(await witness.saw(), ['read_file'], 'an approval alone runs nothing');
            assert.deepEqual(outcome(await client.call('send_email', mail)), { failed: false, text: `sent to ${mail.to}` });
            assert.deepEqual(await witness.saw(), ['read_file', 'send_email']);
        }));

        it('a call whose client has no more time runs only when it is repeated', speak(speaker, 'waiting', async (client, witness) => {
            const mail = to('late');
            // The client's own limit, with progress asked for: it ends the call all the same.
            const call = client.call('send_email', mail, { timeout: 1000, onprogress: () => {} });
            const id = await approver.waiting();
            assert.ok((await call) instanceof Error);
            await approver.leftAlone(id);
            await approver.decide(id, 'approve');
            const ran = outcome(await client.call('send_email', mail));
            assert.deepEqual(ran, { failed: false, text: `sent to ${mail.to}` });
            assert.deepEqual(await witness.saw(), ['send_email']);
        }));
    });
}
