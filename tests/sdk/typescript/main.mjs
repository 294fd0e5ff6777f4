// Runs the tests of this folder and closes with their counts.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

// For a whole file; every call in it gives up much sooner.
const FILE_MS = 300_000;

const files = readdirSync(import.meta.dirname)
    .filter(name => name.endsWith('.test.mjs'))
    .map(name => path.join(import.meta.dirname, name));
const counts = { passed: 0, failed: 0 };
const stream = run({ files, concurrency: 1, timeout: FILE_MS, testNamePatterns: process.argv.slice(2) });
stream.on('test:pass', ({ details }) => {
    if (details.type !== 'suite') counts.passed += 1;
});
stream.on('test:fail', ({ details }) => {
    if (details.type !== 'suite') counts.failed += 1;
    process.exitCode = 1;
});
for await (const chunk of stream.compose(spec)) process.stdout.write(chunk);
console.log(`MCP SDKs for TypeScript: ${counts.passed} passed, ${counts.failed} failed`);
if (counts.passed === 0) process.exitCode = 1;
