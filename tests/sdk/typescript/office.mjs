// What both test servers serve: an office with documents, mail and reports. And what a test asks a server past the gateway:
// what really arrived, and that a waiting report may go on.

import { EventEmitter, once } from 'node:events';

import { z } from 'zod';

import { answer } from './serve.mjs';

const DOCUMENTS = {
    'handbook/refunds.md': 'Refunds up to 100.00 are paid at once.\nLarger refunds need a team lead.\n',
    'notes/todo.txt': 'renew the certificates\n'
};

const news = new EventEmitter();
/** What happened, in order: calls of tools, and what became of some of them. */
const happened = [];

export function happens(what) {
    happened.push(what);
    news.emit('news');
}

export function text(value) {
    return { content: [{ type: 'text', text: value }] };
}

/**
 * Adds tools, resources and prompts to a server of either version of the SDK; `context` says how that version's handlers
 * notify, where the progress token and the abort signal are, and how a call closes its own stream.
 */
export function furnish(server, { notify, token, signal, closeStream, publish }) {
    const tool = (name, description, fields, run) =>
        server.registerTool(name, { description, inputSchema: z.object(fields) }, async (args, context) => {
            happens(name);
            return run(args, context);
        });
    const path = z.string();
    tool('read_file', 'Reads a document', { path }, ({ path }) => {
        if (!(path in DOCUMENTS)) throw new Error('no such file');
        return text(DOCUMENTS[path]);
    });
    tool('write_file', 'Writes a document', { path, bytes: z.number() }, ({ path }) => text(`wrote ${path}`));
    tool('delete_file', 'Deletes a document', { path }, ({ path }) => text(`deleted ${path}`));
    tool('format_disk', 'Deletes all documents', {}, () => text('formatted'));
    tool('send_email', 'Sends a mail', { to: z.string() }, ({ to }) => text(`sent to ${to}`));
    tool('publish', 'Says that the tools changed', {}, (_, context) => {
        publish(server, context);
        return text('published');
    });
    tool('slow_report', 'Reports when it is told to go on', { away: z.boolean() }, async ({ away }, context) => {
        const progressToken = token(context);
        if (progressToken !== undefined) {
            const params = { progressToken, progress: 1, total: 2, message: 'half' };
            await notify(context, { method: 'notifications/progress', params });
        }
        // The client has to come back for the answer.
        if (away) closeStream(context);
        happens('slow_report waits');
        const stopped = signal(context);
        stopped.addEventListener('abort', () => happens('slow_report cancelled'), { once: true });
        await once(news, 'go on', { signal: stopped });
        return text('the report');
    });
    addReading(server);
}

function addReading(server) {
    const resource = (name, uri, content) =>
        server.registerResource(name, uri, { description: name, mimeType: 'text/plain' }, () => {
            happens(uri);
            return { contents: [{ uri, mimeType: 'text/plain', text: content }] };
        });
    resource('handbook', 'docs://handbook', 'Be kind.');
    resource('salaries', 'docs://salaries', 'A lot.');
    const prompt = (name, content) =>
        server.registerPrompt(name, { description: name }, () => {
            happens(name);
            return { messages: [{ role: 'user', content: { type: 'text', text: content } }] };
        });
    prompt('summary', 'Sum it up.');
    prompt('layoffs', 'Write to everybody.');
}

/** `GET /happened`, `GET /until?what=W&since=N` (answered once W has happened after the first N), `POST /go-on`. */
export async function desk(request, response, url) {
    if (url.pathname === '/happened') return answer(response, 200, happened);
    if (url.pathname === '/go-on') {
        news.emit('go on');
        return answer(response, 200, {});
    }
    if (url.pathname !== '/until') return answer(response, 404, {});
    const [what, since] = [url.searchParams.get('what'), Number(url.searchParams.get('since'))];
    while (!happened.slice(since).includes(what)) await once(news, 'news');
    return answer(response, 200, {});
}
