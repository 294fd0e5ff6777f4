// Starts and stops the programs under test: an upstream server and the gateway in front of it.
//
// Ports are chosen by the system and read from what the programs print; nothing here sleeps or polls.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const START_MS = 60_000;
const STOP_MS = 60_000;

/** Programs that were started and have not ended. */
const running = new Set();
// A test that fails before `stop` leaves no process behind.
process.on('exit', () => running.forEach(program => program.process.kill('SIGKILL')));

/** Ends every program that still runs. */
export async function stopAll() {
    await Promise.all([...running].map(program => program.stop()));
}

/** A child process whose stdout is read line by line and whose stderr goes to a file of the folder. */
export class Program {
    constructor(command, args, folder, name) {
        mkdirSync(folder, { recursive: true });
        this.name = name;
        this.log = path.join(folder, `${name}.stderr`);
        const log = openSync(this.log, 'w');
        this.process = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', log] });
        closeSync(log);
        running.add(this);
        this.exited = once(this.process, 'exit').then(([code]) => {
            running.delete(this);
            return code;
        });
        this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    }

    /** The next line of stdout that matches; other lines are passed over. */
    async line(pattern) {
        const seen = [];
        for (;;) {
            const { value, done } = await within(START_MS, this.lines.next(), () => this.silent(pattern, seen));
            if (done) throw this.silent(pattern, seen);
            const match = pattern.exec(value);
            if (match) return match;
            seen.push(value);
        }
    }

    /** Ends the program with SIGTERM and returns its exit status. */
    async stop() {
        this.process.kill('SIGTERM');
        return within(STOP_MS, this.exited, () => new Error(`${this.name} did not end on SIGTERM\n${this.errors()}`));
    }

    silent(pattern, seen) {
        return new Error(`${this.name} never printed ${pattern}; it printed ${JSON.stringify(seen)}\n${this.errors()}`);
    }

    errors() {
        return readFileSync(this.log, 'utf8').slice(-4000);
    }
}

/** A server of this folder, run by the same Node: the first line it prints is `LISTENING <port>`. */
export class Upstream extends Program {
    static async start(file, folder) {
        const name = path.basename(file, '.mjs');
        const server = new Upstream(process.execPath, [path.join(import.meta.dirname, file)], folder, name);
        server.port = Number((await server.line(/^LISTENING (\d+)$/))[1]);
        server.origin = `http://127.0.0.1:${server.port}`;
        server.url = `${server.origin}/mcp`;
        return server;
    }
}

/** `aegis serve --config gateway.yaml` with these two files and a data folder of its own. */
export class Gateway extends Program {
    static async start(config, rules, folder) {
        const binary = process.env.AEGIS_BIN;
        if (!binary) throw new Error('set AEGIS_BIN to the aegis binary under test');
        mkdirSync(folder, { recursive: true });
        writeFileSync(path.join(folder, 'gateway.yaml'), config);
        writeFileSync(path.join(folder, 'rules.yaml'), rules);
        const gateway = new Gateway(binary, ['serve', '--config', 'gateway.yaml'], folder, 'gateway');
        gateway.binary = binary;
        gateway.ledger = path.join(folder, 'aegis-data', 'ledger');
        gateway.control = (await gateway.line(/^control listening on (http:\/\/127\.0\.0\.1:\d+)$/))[1];
        gateway.origin = (await gateway.line(/^gateway listening on (http:\/\/127\.0\.0\.1:\d+)$/))[1];
        await gateway.line(/^ready$/);
        return gateway;
    }

    /** Stops the gateway, which must end well, and checks its ledger offline; returns what the check printed. */
    async stopAndVerify() {
        const status = await this.stop();
        if (status !== 0) throw new Error(`the gateway ended with ${status}\n${this.errors()}`);
        return execFileSync(this.binary, ['audit', 'verify', this.ledger], { encoding: 'utf8', timeout: STOP_MS });
    }
}

/** The promise's outcome, or the error after so many milliseconds. */
export async function within(limitMs, promise, error) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(error()), limitMs);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}
