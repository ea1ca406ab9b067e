import type { Protocol } from '../wire/protocol.js';
import { lineProtocol } from './line.js';
import { msgpackProtocol } from './msgpack.js';

/** Every protocol a listener can speak, by its name in the configuration. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  line: lineProtocol,
  msgpack: msgpackProtocol,
};
