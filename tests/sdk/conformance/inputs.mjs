// 2026-07-28: tools and a prompt that cannot answer before the client has answered something itself (SEP-2322).

import { randomBytes } from 'node:crypto';

import { acceptedContent, createRequestStateCodec, inputRequired, inputResponse } from '@modelcontextprotocol/server';

import { text } from './tools.mjs';

const codec = createRequestStateCodec({ key: randomBytes(32) });

/** Refuses a state that this server did not make. */
export const requestState = { verify: codec.verify };

/** A question with one field. */
function ask(message, field, type = 'string') {
    const requestedSchema = { type: 'object', properties: { [field]: { type } }, required: [field] };
    return inputRequired.elicit({ message, requestedSchema });
}

function sample(question, maxTokens) {
    return inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: question } }], maxTokens });
}

/** The user's answer to a question with one field, if it is of the right type. */
function answered(context, key, field, type = 'string') {
    const value = acceptedContent(context.mcpReq.inputResponses, key)?.[field];
    return typeof value === type ? value : undefined;
}

export function addInputs(server) {
    const tool = (name, description, run) => server.registerTool(`test_input_required_result_${name}`, { description }, run);

    tool('elicitation', 'Greets who gives a name', context => {
        const name = answered(context, 'user_name', 'name');
        return name === undefined
            ? inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } })
            : text(`Hello, ${name}!`);
    });
    tool('sampling', 'Repeats what the client sampled', context => {
        const view = inputResponse(context.mcpReq.inputResponses, 'capital_question');
        return view.kind === 'sampling'
            ? text(view.result.content.text)
            : inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } });
    });
    tool('list_roots', 'Repeats the roots of the client', context => {
        const view = inputResponse(context.mcpReq.inputResponses, 'client_roots');
        return view.kind === 'roots'
            ? text(view.roots.map(root => root.uri).join('\n'))
            : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    });
    tool('request_state', 'Confirms with a state', context => confirmed(context, 'request_state'));
    tool('tampered_state', 'Confirms with a state that cannot be forged', context => confirmed(context, 'tampered_state'));
    tool('multiple_inputs', 'Asks three things at once', async context => {
        const responses = context.mcpReq.inputResponses;
        const name = answered(context, 'user_name', 'name');
        const greeting = inputResponse(responses, 'greeting');
        const roots = inputResponse(responses, 'client_roots');
        if (name !== undefined && greeting.kind === 'sampling' && roots.kind === 'roots') {
            return text(`${greeting.result.content.text} ${name}, ${roots.roots.length} roots`);
        }
        const inputRequests = {
            user_name: ask('What is your name?', 'name'),
            greeting: sample('Generate a greeting', 50),
            client_roots: inputRequired.listRoots()
        };
        return inputRequired({ inputRequests, requestState: await codec.mint({ tool: 'multiple_inputs' }) });
    });
    tool('multi_round', 'Asks twice', multiRound);
    tool('capabilities', 'Asks only what the client can answer', context => {
        const can = context.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {};
        const inputRequests = {
            ...(can.elicitation && { user_name: ask('What is your name?', 'name') }),
            ...(can.sampling && { greeting: sample('Generate a greeting', 50) }),
            ...(can.roots && { client_roots: inputRequired.listRoots() })
        };
        const nothing = Object.keys(inputRequests).length === 0 || context.mcpReq.inputResponses !== undefined;
        return nothing ? text('Nothing to ask') : inputRequired({ inputRequests });
    });
    server.registerPrompt('test_input_required_result_prompt', { description: 'A prompt that needs a context' }, context => {
        const about = answered(context, 'user_context', 'context');
        return about === undefined
            ? inputRequired({ inputRequests: { user_context: ask('What context should the prompt use?', 'context') } })
            : { messages: [{ role: 'user', content: { type: 'text', text: `Context: ${about}` } }] };
    });
}

async function confirmed(context, tool) {
    const ok = answered(context, 'confirm', 'ok', 'boolean');
    if (ok !== undefined && context.mcpReq.requestState()?.tool === tool) return text('state-ok');
    return inputRequired({
        inputRequests: { confirm: ask('Please confirm', 'ok', 'boolean') },
        requestState: await codec.mint({ tool })
    });
}

async function multiRound(context) {
    const state = context.mcpReq.requestState();
    const name = answered(context, 'step1', 'name') ?? state?.name;
    const color = answered(context, 'step2', 'color');
    if (name === undefined) {
        return inputRequired({
            inputRequests: { step1: ask('Step 1: What is your name?', 'name') },
            requestState: await codec.mint({ round: 1 })
        });
    }
    if (color === undefined) {
        return inputRequired({
            inputRequests: { step2: ask('Step 2: What is your favorite color?', 'color') },
            requestState: await codec.mint({ round: 2, name })
        });
    }
    return text(`${name} likes ${color}`);
}
