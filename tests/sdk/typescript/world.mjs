// What every test file starts: both servers and a gateway in front of them, with rules that let some of it through.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';

import { Gateway, stopAll, Upstream } from './programs.mjs';

/** Two callers with a key each, and somebody who approves calls. */
export const KEYS = {
    alice: 'key-of-alice-0123456789abcdef',
    bob: 'key-of-bob-0123456789abcdef',
    ops: 'key-of-ops-0123456789abcdef'
};

const key = (name, more = '') =>
    `    - {id: ${name}, hash: "sha256:${createHash('sha256').update(KEYS[name]).digest('hex')}"${more}}`;

/**
 * For each server a route that denies with a tool result, one that denies with a JSON-RPC error, and one that wants a key; on
 * two more, which want one too, calls that need a person are told so at once, or wait for one.
 */
const route = (name, port, more) => `\
  - name: ${name}
    match: {path_prefix: /${name}}
    protocol: mcp
    capability_prefix: ${name}
    upstream: {addresses: ["127.0.0.1:${port}"], path: /mcp}
${more.map(line => `    ${line}\n`).join('')}`;
const ANONYMOUS = 'anonymous: {id: dev-agent, type: ai-agent}';
const routes = (name, port) =>
    route(name, port, [ANONYMOUS]) +
    route(`strict_${name}`, port, [ANONYMOUS, 'denial: {mcp: jsonrpc_error}']) +
    route(`keyed_${name}`, port, []) +
    route(`told_${name}`, port, ['hold: {wait_ms: 0}']) +
    route(`waiting_${name}`, port, ['hold: {wait_ms: 15000}']);

const config = ports => `\
version: 1
stage: dev
data_dir: aegis-data
control:
  listen: 127.0.0.1:0
  keys:
${key('alice')}
${key('bob')}
${key('ops', ', scopes: ["holds:approve"]')}
gateway:
  listen: [{address: "127.0.0.1:0"}]
  hosts: ["127.0.0.1"]
routes:
${routes('v1', ports.v1)}${routes('v2', ports.v2)}policy:
  rules: rules.yaml
  default: deny
`;

const RULES = `\
version: 1
defaults: {approval: block}
rules:
  - {name: no_deletes, match: {type: "*.delete_*"}, risk_level: critical, approval: block}
  - {name: reads, match: {type: "*.read_file"}, risk_level: low, approval: auto}
  - {name: reports, match: {type: "*.slow_report"}, approval: auto}
  - {name: questions, match: {type: "*.ask_owner"}, approval: auto}
  - {name: summaries, match: {type: "*.summarize"}, approval: auto}
  - {name: news, match: {type: "*.publish"}, approval: auto}
  - {name: small_writes, match: {type: "*.write_file"}, conditions: {param_lte: {bytes: 100}}, approval: auto}
  - {name: mail_needs_a_person, match: {type: "*.send_email"}, risk_level: high, approval: approve}
  - {name: no_salaries, match: {type: "*.resources.read", target: "docs://salaries"}, approval: block}
  - {name: handbook, match: {type: "*.resources.read", target: "docs://handbook"}, approval: auto}
  - {name: summary_prompt, match: {type: "*.prompts.get", target: summary}, approval: auto}
`;

/** Both servers and a gateway, started before the tests of a file and stopped after them, when the ledger must verify. */
export function world() {
    const here = {};
    before(async () => {
        here.folder = mkdtempSync(path.join(tmpdir(), 'aegis-typescript-'));
        here.v1 = await Upstream.start('server_v1.mjs', here.folder);
        here.v2 = await Upstream.start('server_v2.mjs', here.folder);
        here.gateway = await open(here, 'gateway');
    });
    after(async () => {
        try {
            await here.gateway?.stopAndVerify();
        } finally {
            // What a failed test left behind would keep this process alive.
            await stopAll();
        }
        if (here.folder) rmSync(here.folder, { recursive: true });
    });
    return here;
}

/** A gateway in front of the servers, with a folder of its own. */
export function open(here, name) {
    return Gateway.start(config({ v1: here.v1.port, v2: here.v2.port }), RULES, path.join(here.folder, name));
}

/** What a server says past the gateway. */
export class Witness {
    static async of(server) {
        const witness = new Witness();
        witness.server = server;
        witness.since = (await witness.happened()).length;
        return witness;
    }

    async happened() {
        return (await fetch(`${this.server.origin}/happened`)).json();
    }

    /** What happened since the witness came, but for streams that clients opened. */
    async saw() {
        return (await this.happened()).slice(this.since).filter(what => !what.startsWith('stream '));
    }

    /** Returns once this has happened since the witness came. */
    async until(what) {
        const query = new URLSearchParams({ what, since: this.since });
        const response = await fetch(`${this.server.origin}/until?${query}`, { signal: AbortSignal.timeout(20_000) });
        await response.arrayBuffer();
    }

    /** Lets waiting reports go on. */
    async goOn() {
        await (await fetch(`${this.server.origin}/go-on`, { method: 'POST' })).arrayBuffer();
    }
}

/** The events of a stream, as `{id, data}`; `data` is parsed where there is any. */
export async function* events(response) {
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const field = name => new RegExp(`^${name}: ?(.*)$`, 'm').exec(text.slice(0, end))?.[1];
            const data = field('data');
            yield { id: field('id'), data: data ? JSON.parse(data) : undefined };
            text = text.slice(end + 2);
        }
    }
}
