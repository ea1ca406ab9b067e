import type { Protocol } from '../wire/protocol.js';
import { crlProxyProtocol, type OpenBody } from './crl-proxy.js';
import { lineProtocol } from './line.js';
import { msgpackProtocol } from './msgpack.js';

/** Every protocol a listener can speak, by its name in the configuration. */
export function createProtocols(openBody: OpenBody): Readonly<Record<string, Protocol>> {
  return { line: lineProtocol, msgpack: msgpackProtocol, 'crl-proxy': crlProxyProtocol(openBody) };
}

/** For the primary, which parses no requests: how each protocol refuses clients and is probed. */
export const PROTOCOLS = createProtocols(() => ({
  open: () => false,
  next: () => undefined,
  close: () => undefined,
}));
