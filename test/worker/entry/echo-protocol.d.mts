import type { Protocol, Session } from '../../../src/wire/protocol.js';

export declare const echoProtocol: Protocol & { open(): Session };
