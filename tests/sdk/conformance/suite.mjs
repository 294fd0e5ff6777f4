// Runs the official conformance suite against the server, then against a gateway that allows everything in front of the same
// server, and compares: what the gateway lets through it must not change, so every check has to end the same way.
//
//   node suite.mjs FOLDER [SCENARIO]
//
// What each run saw is left in FOLDER. Exit status 1: a difference, a check that fails although the server is built to pass
// it, or a run without checks.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { Gateway, stopAll, Upstream } from './programs.mjs';

const VERSIONS = ['2025-06-18', '2025-11-25', '2026-07-28'];
const SUITE = path.join(import.meta.dirname, '..', 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');
const RUN_MS = 300_000;

const config = port => `\
version: 1
stage: dev
data_dir: aegis-data
control:
  listen: 127.0.0.1:0
gateway:
  listen: [{address: "127.0.0.1:0"}]
  # The suite sends a foreign Host and Origin (DNS rebinding) and expects a refusal. Without \`origins\`, pages of these hosts
  # and of the loopback may call.
  hosts: ["127.0.0.1"]
routes:
  - name: everything
    match: {path_prefix: /mcp}
    protocol: mcp
    capability_prefix: everything
    upstream: {addresses: ["127.0.0.1:${port}"], path: /mcp}
    anonymous: {id: suite, type: automation}
policy:
  rules: rules.yaml
  default: allow
`;

const RULES = `\
version: 1
defaults: {approval: auto}
rules:
  - {name: everything, match: {type: "*"}, approval: auto}
`;

/** Every check of one run, in order: which, and how it ended. */
async function run(url, version, folder, scenario) {
    mkdirSync(folder, { recursive: true });
    const what = scenario ? ['--scenario', scenario] : ['--suite', 'all'];
    const args = [SUITE, 'server', '--url', url, ...what, '--spec-version', version, '-o', folder];
    // The suite's own status is that of its checks, which are read below.
    const said = await new Promise(resolve => {
        const limits = { timeout: RUN_MS, maxBuffer: 1 << 26 };
        execFile(process.execPath, args, limits, (_, stdout, stderr) => resolve(stdout + stderr));
    });
    const checks = new Map();
    for (const name of readdirSync(folder).sort()) {
        const scenarioName = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(name)?.[1];
        if (scenarioName === undefined) continue;
        const file = path.join(folder, name, 'checks.json');
        // A scenario that was asked for by name need not belong to every version.
        if (scenario && !existsSync(file)) continue;
        const results = JSON.parse(readFileSync(file, 'utf8'));
        results.forEach((check, at) => checks.set(`${scenarioName} #${at + 1} ${check.id}`, ending(check)));
    }
    if (checks.size === 0 && !scenario) throw new Error(`the suite ran nothing for ${version} at ${url}:\n${said.slice(-4000)}`);
    return checks;
}

/** How a check ended, without what differs from one run to the next: ids, ports, times. */
function ending({ name, description, status, errorMessage }) {
    const steady = text =>
        (text ?? '')
            .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\/\d+)?/g, '<id>')
            .replace(/127\.0\.0\.1:\d+/g, '<address>');
    return { status, text: `${name}: ${steady(description)}`, error: steady(errorMessage) };
}

function differences(direct, through) {
    const found = [];
    for (const key of new Set([...direct.keys(), ...through.keys()])) {
        const [one, other] = [direct.get(key), through.get(key)];
        if (JSON.stringify(one) === JSON.stringify(other)) continue;
        const say = end => (end ? `${end.status} (${end.text}) ${end.error}` : 'not there');
        found.push(`${key}\n    direct:  ${say(one)}\n    through: ${say(other)}`);
    }
    return found;
}

function count(checks) {
    const statuses = [...checks.values()].map(check => check.status);
    const of = wanted => statuses.filter(status => wanted.includes(status)).length;
    return { passed: of(['SUCCESS']), failed: of(['FAILURE', 'WARNING']), other: of(['INFO', 'SKIPPED']) };
}

const [folder, scenario] = process.argv.slice(2);
rmSync(folder, { recursive: true, force: true });
const upstream = await Upstream.start('server.mjs', path.join(folder, 'server'));
const gateway = await Gateway.start(config(upstream.port), RULES, path.join(folder, 'gateway'));
let [checked, failed, different] = [0, 0, 0];
for (const version of VERSIONS) {
    const runs = {};
    for (const [way, url] of [['direct', upstream.url], ['through', `${gateway.origin}/mcp`]]) {
        runs[way] = await run(url, version, path.join(folder, version, way), scenario);
        const { passed, failed: bad, other } = count(runs[way]);
        console.log(`${version} ${way.padEnd(7)}: ${passed} passed, ${bad} failed, ${other} informative`);
        for (const [key, { status, text, error }] of runs[way]) {
            if (status === 'FAILURE' || status === 'WARNING') console.log(`  ${status} ${key} (${text}) ${error}`);
        }
    }
    const found = differences(runs.direct, runs.through);
    found.forEach(difference => console.log(`  DIFFERENT ${difference}`));
    checked += runs.through.size;
    failed += count(runs.direct).failed;
    different += found.length;
}
console.log((await gateway.stopAndVerify()).trim());
await stopAll();
const summary = `${different} different through the gateway, ${failed} failed by the server itself`;
console.log(`MCP conformance: ${checked} checks, ${summary}`);
process.exitCode = different + failed > 0 || checked === 0 ? 1 : 0;
