import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type ConnectionHandle,
  isConnectionHandle,
  socketOn,
  takeHandles,
} from '../../src/wire/connection-handle.js';

let directory: string;
let server: Server;
let client: Socket;
let handle: ConnectionHandle;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pkixd-handle-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe.each<readonly [string, () => ListenOptions]>([
  ['TCP', () => ({ host: '127.0.0.1', port: 0 })],
  ['a UNIX socket', () => ({ path: join(directory, 'socket') })],
])('over %s', (_name, where) => {
  beforeEach(async () => {
    server = createServer(() => expect('a connection event').toBe('none')).listen(where());
    await once(server, 'listening');
    const taken = new Promise<ConnectionHandle>((resolve) => takeHandles(server, resolve));
    const address = server.address();
    const isTcp = address !== null && typeof address === 'object';
    client = isTcp ? connect(address.port, address.address) : connect(String(address));
    handle = await taken;
  });

  afterEach(() => {
    client.destroy();
    server.close();
  });

  test('nothing is read of a connection before its socket is resumed', async () => {
    await new Promise((resolve) => client.write('PING\n', resolve));
    const socket = socketOn(handle);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(socket.bytesRead).toBe(0);
    const [read]: unknown[] = await once(socket.resume(), 'data');
    expect(String(read)).toBe('PING\n');
    socket.destroy();
  });

  test('a connection ends with its handle', async () => {
    expect(isConnectionHandle(handle)).toBe(true);
    handle.close();
    await once(client.resume(), 'end');
  });
});

test('a server that does not listen has no handles to give', () => {
  expect(() => takeHandles(createServer(), () => undefined)).toThrow('gives no handles');
});

test.each([undefined, null, 'handle', {}, { close: () => undefined }])('%p is no handle', (value) => {
  expect(isConnectionHandle(value)).toBe(false);
});
