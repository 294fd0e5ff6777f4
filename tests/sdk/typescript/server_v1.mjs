// An MCP server built with version 1 of the SDK: sessions only, with an event store.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
    CreateMessageResultSchema,
    ElicitResultSchema,
    RootsListChangedNotificationSchema
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

import { desk, furnish, happens, text } from './office.mjs';
import { listen, sessions } from './serve.mjs';

const context = {
    notify: (extra, notification) => extra.sendNotification(notification),
    token: extra => extra._meta?.progressToken,
    signal: extra => extra.signal,
    closeStream: extra => extra.closeSSEStream(),
    publish: server => server.sendToolListChanged()
};

function make() {
    const server = new McpServer({ name: 'office', version: '1.0.0' });
    furnish(server, context);
    const nothing = z.object({});
    server.registerTool('ask_owner', { description: 'Asks the user', inputSchema: nothing }, async (_, extra) => {
        const requestedSchema = { type: 'object', properties: { color: { type: 'string' } }, required: ['color'] };
        const params = { message: 'Which color?', requestedSchema };
        const { content } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
        return text(`painted ${content.color}`);
    });
    server.registerTool('summarize', { description: 'Asks a model', inputSchema: nothing }, async (_, extra) => {
        const params = { messages: [{ role: 'user', content: { type: 'text', text: 'Sum up' } }], maxTokens: 50 };
        const { content } = await extra.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
        return text(`summary: ${content.text}`);
    });
    server.server.setNotificationHandler(RootsListChangedNotificationSchema, () => happens('roots changed'));
    return server;
}

listen(sessions(transport => make().connect(transport), options => new StreamableHTTPServerTransport(options), happens), desk);
