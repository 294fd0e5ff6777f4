// Serves MCP over HTTP on 127.0.0.1, at a port that the system chooses: what every server of these tests has in common.
//
// `/mcp` speaks both eras with version 2 of the SDK: sessions with an event store, so that a dropped stream can be resumed, and
// the stateless 2026-07-28. Requests from foreign hosts and origins are refused (DNS rebinding), as the specification asks.

import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

import {
    localhostHostValidation,
    localhostOriginValidation,
    NodeStreamableHTTPServerTransport,
    toNodeHandler,
    toWebRequest
} from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';

/** Every event of every stream of one session, in order. */
export class EventStore {
    events = [];

    async storeEvent(streamId, message) {
        this.events.push({ streamId, message });
        return `${streamId}/${this.events.length}`;
    }

    async getStreamIdForEventId(eventId) {
        return this.events[this.position(eventId)]?.streamId;
    }

    async replayEventsAfter(lastEventId, { send }) {
        const position = this.position(lastEventId);
        const { streamId } = this.events[position];
        for (let at = position + 1; at < this.events.length; at += 1) {
            const event = this.events[at];
            // An event without a message only gives a stream its first id.
            if (event.streamId === streamId && event.message.jsonrpc) await send(`${streamId}/${at + 1}`, event.message);
        }
        return streamId;
    }

    position(eventId) {
        return Number(eventId.slice(eventId.lastIndexOf('/') + 1)) - 1;
    }
}

/**
 * The session era: `connect(transport)` joins a new server to each session's transport, which `transport(options)` makes;
 * `happens` is told of streams that clients open. Returns a handler for requests of this era.
 */
export function sessions(connect, transport, happens = () => {}) {
    const open = new Map();
    return async (request, response, body) => {
        const id = request.headers['mcp-session-id'];
        if (id !== undefined) {
            const known = open.get(id);
            if (known === undefined) return answer(response, 404, failure(-32001, 'Session not found', body));
            const served = known.handleRequest(request, response, body);
            if (request.method === 'GET') happens(request.headers['last-event-id'] ? 'stream resumed' : 'stream opened');
            return served;
        }
        if (body?.method !== 'initialize') return answer(response, 400, failure(-32000, 'Mcp-Session-Id is missing', body));
        const made = transport({
            sessionIdGenerator: randomUUID,
            eventStore: new EventStore(),
            retryInterval: 50,
            onsessioninitialized: sessionId => open.set(sessionId, made)
        });
        made.onclose = () => open.delete(made.sessionId);
        await connect(made);
        return made.handleRequest(request, response, body);
    };
}

/** Both eras at one address, by version 2 of the SDK. `make(era, notify)` builds a server; `notify` tells of changes. */
export function bothEras(make, happens) {
    const modern = createMcpHandler(({ era }) => make(era, modern.notify), { legacy: 'reject' });
    const stateless = toNodeHandler(modern);
    const stateful = sessions(
        async transport => make('legacy', modern.notify).connect(transport),
        options => new NodeStreamableHTTPServerTransport(options),
        happens
    );
    return async (request, response, body) => {
        const legacy = await isLegacyRequest(await toWebRequest(request, body), body);
        return legacy ? stateful(request, response, body) : stateless(request, response, body);
    };
}

/** Listens and prints `LISTENING <port>`. `other(request, response, url)` answers what is not for `/mcp`. */
export function listen(mcp, other = (_, response) => answer(response, 404, {})) {
    const hostIsOurs = localhostHostValidation();
    const originIsOurs = localhostOriginValidation();
    const server = createServer(async (request, response) => {
        try {
            const url = new URL(request.url, 'http://127.0.0.1');
            if (url.pathname !== '/mcp') return await other(request, response, url);
            if (!hostIsOurs(request, response) || !originIsOurs(request, response)) return undefined;
            return await mcp(request, response, request.method === 'POST' ? await json(request) : undefined);
        } catch (error) {
            console.error(error);
            if (response.headersSent) return response.end();
            return answer(response, error instanceof SyntaxError ? 400 : 500, failure(-32700, 'The request failed'));
        }
    });
    server.listen(0, '127.0.0.1', () => console.log(`LISTENING ${server.address().port}`));
    process.on('SIGTERM', () => process.exit(0));
}

/** A whole answer in JSON. */
export function answer(response, status, value) {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function failure(code, message, body) {
    return { jsonrpc: '2.0', error: { code, message }, id: body?.id ?? null };
}

async function json(request) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
