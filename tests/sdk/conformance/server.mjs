// The server that the official conformance suite wants to find: every tool, prompt and resource its scenarios name, in both
// eras of the protocol.

import { McpServer } from '@modelcontextprotocol/server';

import { addContent } from './content.mjs';
import { addInputs, requestState } from './inputs.mjs';
import { bothEras, listen } from './serve.mjs';
import { addTools } from './tools.mjs';

const CAPABILITIES = {
    completions: {},
    logging: {},
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    tools: { listChanged: true }
};

function make(era, notify) {
    const server = new McpServer(
        { name: 'conformance', version: '1.0.0' },
        { capabilities: CAPABILITIES, requestState, cacheHints: { 'tools/list': { ttlMs: 60_000, cacheScope: 'public' } } }
    );
    addTools(server, era, notify);
    addContent(server, era);
    if (era === 'modern') addInputs(server);
    return server;
}

listen(bothEras(make));
