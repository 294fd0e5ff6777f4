// The prompts and resources of the suite, and completions for them.

import { completable, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';

import { PNG } from './tools.mjs';

const CITIES = ['paris', 'park', 'party'];

export function addContent(server, era) {
    addResources(server);
    addPrompts(server);
    if (era === 'legacy') {
        const subscribed = new Set();
        server.server.setRequestHandler('resources/subscribe', ({ params }) => {
            subscribed.add(params.uri);
            return {};
        });
        server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
            subscribed.delete(params.uri);
            return {};
        });
    }
}

function addResources(server) {
    const resource = (name, uri, mimeType, content) => {
        const contents = [{ uri, mimeType, ...content }];
        server.registerResource(name, uri, { description: `The ${name}`, mimeType }, () => ({ contents }));
    };
    resource('static text', 'test://static-text', 'text/plain', { text: 'This is the content of the static text resource.' });
    resource('static image', 'test://static-binary', 'image/png', { blob: PNG });
    resource('watched resource', 'test://watched-resource', 'text/plain', { text: 'watched' });
    const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
    const about = { description: 'Data by id', mimeType: 'application/json' };
    server.registerResource('template', template, about, (uri, { id }) => {
        const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
        return { contents: [{ uri: uri.href, mimeType: 'application/json', text: data }] };
    });
}

function addPrompts(server) {
    const user = content => ({ role: 'user', content });
    const says = value => user({ type: 'text', text: value });
    server.registerPrompt('test_simple_prompt', { description: 'A simple prompt' }, () => ({
        messages: [says('This is a simple prompt for testing.')]
    }));
    const argsSchema = z.object({
        arg1: completable(z.string(), value => CITIES.filter(city => city.startsWith(value))),
        arg2: z.string()
    });
    const twice = { description: 'A prompt with arguments', argsSchema };
    server.registerPrompt('test_prompt_with_arguments', twice, ({ arg1, arg2 }) => ({
        messages: [says(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)]
    }));
    const about = { description: 'A prompt with a resource', argsSchema: z.object({ resourceUri: z.string() }) };
    server.registerPrompt('test_prompt_with_embedded_resource', about, ({ resourceUri }) => {
        const resource = { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' };
        return { messages: [user({ type: 'resource', resource }), says('Please process the embedded resource above.')] };
    });
    server.registerPrompt('test_prompt_with_image', { description: 'A prompt with an image' }, () => ({
        messages: [user({ type: 'image', data: PNG, mimeType: 'image/png' }), says('Please analyze the image above.')]
    }));
}
