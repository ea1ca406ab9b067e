import { createServer } from 'node:net';
import type { Listener } from '../../src/supervisor/listen/listeners.js';

/** One that never listens. */
export function fakeListener(name: string): Listener {
  return {
    config: {
      name,
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      protocol: 'line',
      permits: [],
      mode: 0o600,
      group: '',
      backlog: 1,
      tls: null,
    },
    place: `tcp://127.0.0.1:0 ${name}`,
    address: 'tcp://127.0.0.1:0',
    accepted: 0,
    probes: 0,
    refused: new Map(),
    server: createServer(),
  };
}
