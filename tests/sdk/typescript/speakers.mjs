// The clients under test, made alike: version 1 of the SDK in a session, and version 2 in a session, negotiating and pinned.

import * as v2 from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
    CallToolResultSchema,
    CreateMessageRequestSchema,
    ElicitRequestSchema,
    ToolListChangedNotificationSchema
} from '@modelcontextprotocol/sdk/types.js';

export const SESSION = '2025-11-25';
export const STATELESS = '2026-07-28';
const CALL_MS = 20_000;
const CAPABILITIES = { elicitation: {}, sampling: {}, roots: { listChanged: true } };
const RECONNECT = { initialReconnectionDelay: 20, maxReconnectionDelay: 200, reconnectionDelayGrowFactor: 1.5, maxRetries: 5 };

/** One client, connected. `server` names the server it is meant for, `version` is what it must agree on. */
class Speaker {
    /** `headers` go with every request; `known` is `{sessionId, protocolVersion}` of a session to go on with. */
    static async connect(url, { headers = {}, known = {} } = {}) {
        const speaker = new this();
        speaker.transport = speaker.road(new URL(url), {
            requestInit: { headers },
            reconnectionOptions: RECONNECT,
            ...(known.sessionId && known)
        });
        speaker.prepare();
        await speaker.client.connect(speaker.transport, { timeout: CALL_MS });
        return speaker;
    }

    async tools() {
        return (await this.client.listTools()).tools.map(tool => tool.name);
    }

    /** The answer to a call, or the error that the SDK raised for it. */
    async call(name, args = {}, options = {}) {
        try {
            return await this.request({ name, arguments: args }, { timeout: CALL_MS, ...options });
        } catch (error) {
            return error;
        }
    }

    /** As `call`, of another method of the client. */
    async attempt(method, params) {
        try {
            return await this.client[method](params);
        } catch (error) {
            return error;
        }
    }

    close() {
        return this.client.close();
    }
}

class VersionOne extends Speaker {
    static title = 'SDK 1, session';
    static server = 'v1';
    static version = SESSION;

    client = new ClientV1({ name: 'v1', version: '1.0.0' }, { capabilities: CAPABILITIES });

    road(url, options) {
        return new TransportV1(url, options);
    }

    prepare() {
        this.client.setRequestHandler(ElicitRequestSchema, elicited);
        this.client.setRequestHandler(CreateMessageRequestSchema, sampled);
        this.client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.onToolsChanged?.());
    }

    request(params, options) {
        return this.client.callTool(params, CallToolResultSchema, options);
    }

    agreed() {
        return this.transport.protocolVersion;
    }
}

class VersionTwo extends Speaker {
    static title = 'SDK 2, session';
    static server = 'v2';
    static version = SESSION;
    static mode = 'legacy';

    client = new v2.Client(
        { name: 'v2', version: '2.0.0' },
        { capabilities: CAPABILITIES, versionNegotiation: { mode: this.constructor.mode } }
    );

    road(url, options) {
        return new v2.StreamableHTTPClientTransport(url, options);
    }

    prepare() {
        this.client.setRequestHandler('elicitation/create', elicited);
        this.client.setRequestHandler('sampling/createMessage', sampled);
        this.client.setNotificationHandler('notifications/tools/list_changed', () => this.onToolsChanged?.());
    }

    request(params, options) {
        return this.client.callTool(params, options);
    }

    agreed() {
        return this.client.getNegotiatedProtocolVersion();
    }
}

class VersionTwoAuto extends VersionTwo {
    static title = 'SDK 2, auto';
    static version = STATELESS;
    static mode = 'auto';
}

class VersionTwoPinned extends VersionTwo {
    static title = 'SDK 2, pinned to 2026-07-28';
    static version = STATELESS;
    static mode = { pin: STATELESS };
}

export const SPEAKERS = [VersionOne, VersionTwo, VersionTwoAuto, VersionTwoPinned];
export const IN_SESSIONS = SPEAKERS.filter(speaker => speaker.version === SESSION);
export const WITHOUT_SESSIONS = SPEAKERS.filter(speaker => speaker.version === STATELESS);

function elicited(request) {
    if (request.params.message !== 'Which color?') throw new Error('asked something else');
    return { action: 'accept', content: { color: 'green' } };
}

function sampled(request) {
    const asked = [request.params.messages.at(-1).content].flat()[0].text;
    return { role: 'assistant', model: 'none', content: { type: 'text', text: `${asked}: fine` } };
}

/** Whether a call failed, and the text that the model reads. An error that the SDK raised is none of these. */
export function outcome(result) {
    if (result instanceof Error) throw new Error('the SDK raised an error', { cause: result });
    return { failed: result.isError === true, text: result.content.map(part => part.text).join('\n') };
}
