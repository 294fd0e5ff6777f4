// The tools of the suite that answer, fail, report and ask within one call.

import { setTimeout as pause } from 'node:timers/promises';

import { fromJsonSchema, inputRequired } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** One red pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** A sound file without a sample. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const STEP_MS = 50;

const SCHEMA_2020_12 = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: {
        address: {
            $anchor: 'addressDef',
            type: 'object',
            properties: { street: { type: 'string' }, city: { type: 'string' } }
        }
    },
    properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' }
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false
};

export function text(value) {
    return { content: [{ type: 'text', text: value }] };
}

export function addTools(server, era, notify) {
    const tool = (name, description, run, inputSchema) =>
        inputSchema
            ? server.registerTool(name, { description, inputSchema }, run)
            : server.registerTool(name, { description }, context => run({}, context));

    addAnswers(tool);
    addReports(tool);
    if (era === 'legacy') addQuestions(tool);
    addNews(tool, server, era, notify);
    tool('json_schema_2020_12_tool', 'Tool with JSON Schema 2020-12 features', () => text('ok'), fromJsonSchema(SCHEMA_2020_12));
    const region = { type: 'string', description: 'Where to look', 'x-mcp-header': 'Region' };
    const mirrored = fromJsonSchema({ type: 'object', properties: { region }, required: ['region'] });
    tool('test_mirrored_argument', 'Repeats an argument that a header mirrors', args => text(args.region), mirrored);
}

/** Every kind of content. */
function addAnswers(tool) {
    tool('test_simple_text', 'Answers with a text', () => text('This is a simple text response for testing.'));
    const image = { type: 'image', data: PNG, mimeType: 'image/png' };
    tool('test_image_content', 'Answers with an image', () => ({ content: [image] }));
    const audio = { type: 'audio', data: WAV, mimeType: 'audio/wav' };
    tool('test_audio_content', 'Answers with a sound', () => ({ content: [audio] }));
    const embedded = { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' };
    tool('test_embedded_resource', 'Answers with a resource', () => ({ content: [{ type: 'resource', resource: embedded }] }));
    const mixed = { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}' };
    tool('test_multiple_content_types', 'Answers with three kinds of content', () => ({
        content: [
            { type: 'text', text: 'Multiple content types test:' },
            image,
            { type: 'resource', resource: mixed }
        ]
    }));
    tool('test_error_handling', 'Always fails', () => {
        throw new Error('This tool intentionally returns an error for testing');
    });
}

/** What is told before the answer. */
function addReports(tool) {
    tool('test_tool_with_logging', 'Logs while it runs', async (_, context) => {
        await context.mcpReq.log('info', 'Tool execution started');
        await pause(STEP_MS);
        await context.mcpReq.log('info', 'Tool processing data');
        await pause(STEP_MS);
        await context.mcpReq.log('info', 'Tool execution completed');
        return text('logged');
    });
    tool('test_logging_tool', 'Logs for those who ask for logs', async (_, context) => {
        await context.mcpReq.log('info', 'Tool execution started');
        return text('logged');
    });
    tool('test_tool_with_progress', 'Reports progress', async (_, context) => {
        const progressToken = context.mcpReq._meta?.progressToken;
        for (const progress of [0, 50, 100]) {
            if (progress > 0) await pause(STEP_MS);
            if (progressToken === undefined) continue;
            await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
        }
        return text('done');
    });
    tool('test_reconnection', 'Closes its stream before the answer', async (_, context) => {
        context.http?.closeSSE?.();
        await pause(STEP_MS);
        return text('Reconnected');
    });
}

/**
 * The session era: the server asks on the stream of the call, and the answer is posted to it. (`elicitInput` and
 * `requestSampling` of the SDK ask on the stream that the client may not have opened yet.)
 */
function addQuestions(tool) {
    const elicit = (context, message, requestedSchema) =>
        context.mcpReq.send({ method: 'elicitation/create', params: { message, requestedSchema } });
    const asked = answer => text(`User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    tool('test_sampling', 'Asks the client for a completion', async ({ prompt }, context) => {
        const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
        const params = { messages, maxTokens: 100 };
        const { content } = await context.mcpReq.send({ method: 'sampling/createMessage', params });
        return text(`LLM response: ${content.text}`);
    }, z.object({ prompt: z.string() }));
    tool('test_elicitation', 'Asks the user', async ({ message }, context) => {
        const properties = {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" }
        };
        const requestedSchema = { type: 'object', properties, required: ['username', 'email'] };
        return asked(await elicit(context, message, requestedSchema));
    }, z.object({ message: z.string() }));
    const form = (name, properties) => tool(name, 'Asks the user with a form', async (_, context) => {
        const requestedSchema = { type: 'object', properties };
        return asked(await elicit(context, 'Please fill in the form', requestedSchema));
    });
    form('test_elicitation_sep1034_defaults', {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true }
    });
    const titled = word => [1, 2, 3].map(number => ({ const: `value${number}`, title: `${word} ${number}` }));
    form('test_elicitation_sep1330_enums', {
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: { type: 'string', oneOf: titled('Option') },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
        untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
        titledMulti: { type: 'array', items: { anyOf: titled('Choice') } }
    });
}

/** Changes that listeners are told of, and what only some clients can be asked. */
function addNews(tool, server, era, notify) {
    tool('test_trigger_tool_change', 'Says that the tools changed', () => {
        if (era === 'modern') notify.toolsChanged();
        else server.sendToolListChanged();
        return text('told');
    });
    tool('test_trigger_prompt_change', 'Says that the prompts changed', () => {
        if (era === 'modern') notify.promptsChanged();
        else server.sendPromptListChanged();
        return text('told');
    });
    // The SDK itself refuses to ask a client that did not say that it can sample.
    tool('test_missing_capability', 'Needs a client that can sample', () => {
        const messages = [{ role: 'user', content: { type: 'text', text: 'Anything' } }];
        return inputRequired({ inputRequests: { anything: inputRequired.createMessage({ messages, maxTokens: 10 }) } });
    });
    tool('test_streaming_elicitation', 'Reports, then asks the user', async (_, context) => {
        const params = { progressToken: context.mcpReq._meta?.progressToken ?? 'none', progress: 1 };
        await context.mcpReq.notify({ method: 'notifications/progress', params });
        const requestedSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
        return inputRequired({ inputRequests: { confirm: inputRequired.elicit({ message: 'Go on?', requestedSchema }) } });
    });
}
