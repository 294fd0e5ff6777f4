// An MCP server built with version 2 of the SDK: sessions and the stateless 2026-07-28 at one address.

import { acceptedContent, inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

import { desk, furnish, happens, text } from './office.mjs';
import { bothEras, listen } from './serve.mjs';

function make(era, changes) {
    const server = new McpServer(
        { name: 'office', version: '2.0.0' },
        // A list that all callers may share, until somebody filters it for one.
        { cacheHints: { 'tools/list': { ttlMs: 60_000, cacheScope: 'public' } } }
    );
    furnish(server, {
        notify: (context, notification) => context.mcpReq.notify(notification),
        token: context => context.mcpReq._meta?.progressToken,
        signal: context => context.mcpReq.signal,
        closeStream: context => context.http.closeSSE(),
        publish: () => (era === 'modern' ? changes.toolsChanged() : server.sendToolListChanged())
    });
    // In a session the SDK makes of these a request to the client, in 2026-07-28 an answer that asks for input.
    const nothing = z.object({});
    server.registerTool('ask_owner', { description: 'Asks the user', inputSchema: nothing }, (_, context) => {
        const accepted = acceptedContent(context.mcpReq.inputResponses, 'color');
        if (accepted) return text(`painted ${accepted.color}`);
        const requestedSchema = { type: 'object', properties: { color: { type: 'string' } }, required: ['color'] };
        return inputRequired({ inputRequests: { color: inputRequired.elicit({ message: 'Which color?', requestedSchema }) } });
    });
    server.registerTool('summarize', { description: 'Asks a model', inputSchema: nothing }, (_, context) => {
        const view = inputResponse(context.mcpReq.inputResponses, 'summary');
        if (view.kind === 'sampling') return text(`summary: ${view.result.content.text}`);
        const messages = [{ role: 'user', content: { type: 'text', text: 'Sum up' } }];
        return inputRequired({ inputRequests: { summary: inputRequired.createMessage({ messages, maxTokens: 50 }) } });
    });
    server.server.setNotificationHandler('notifications/roots/list_changed', () => happens('roots changed'));
    return server;
}

listen(bothEras(make, happens), desk);
