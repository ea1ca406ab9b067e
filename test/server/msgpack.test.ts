import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cli } from '../cli/captured.js';
import { withComponent } from '../component.js';
import { demo, type Demo } from './demo.js';
import { TestServer } from './test-server.js';

let pki: Demo;
let server: TestServer;

beforeAll(async () => {
  pki = demo();
  server = await TestServer.startPatient({
    workers: { count: 1 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
});
afterAll(async () => {
  await server.stop();
  pki.remove();
});

interface Told {
  readonly type: string;
  readonly id: number;
  readonly body: {
    readonly verdict?: { readonly code: string };
    readonly refused?: { readonly code: string };
    readonly status?: object;
    readonly permits?: readonly string[];
  };
}

const CLIENT = join(import.meta.dirname, 'python/client.py');
const testPython = withComponent('python3');

/** Runs the client that was written from docs/protocols.md; it sends these and prints what comes back. */
async function talk(address: string, orders: readonly object[]): Promise<Told[]> {
  const client = spawn('python3', [CLIENT, address], { stdio: ['pipe', 'pipe', 'inherit'] });
  client.stdin.end(orders.map((order) => `${JSON.stringify(order)}\n`).join(''));
  let printed = '';
  for await (const text of client.stdout) printed += String(text);
  return printed
    .trim()
    .split('\n')
    .map((line): Told => JSON.parse(line));
}

const chain = (leaf: 'good' | 'revoked'): string[] => pki.chain(leaf).map((der) => der.toString('hex'));
const codeOf = ({ body }: Told): string => body.verdict?.code ?? body.refused?.code ?? '';

testPython('a client written from the page alone is greeted and gets verdicts, many at once', async () => {
  const orders = Array.from({ length: 200 }, (_, id) => ({
    verify: { certificates: chain(id % 2 === 0 ? 'good' : 'revoked'), policy: { explicit: false } },
    id,
    deadline: 60_000,
  }));
  const [greeting, ...answers] = await talk(server.msgpack, orders);
  expect(greeting).toMatchObject({
    type: 'greeting',
    body: { protocol: 'pkixd', version: 1, limits: { maxInFlight: 64 } },
  });
  expect(answers).toHaveLength(orders.length);
  for (const answer of answers) {
    expect(answer.type).toBe('answer');
    expect(codeOf(answer)).toBe(answer.id % 2 === 0 ? 'OK' : 'REVOKED');
  }
  expect(new Set(answers.map(({ id }) => id)).size).toBe(orders.length);
  expect(answers.find(({ id }) => id === 1)?.body.verdict).toMatchObject({
    status: 'invalid',
    revocation: [{ state: 'revoked' }, { state: 'good' }],
    path: [expect.stringMatching(/^[0-9a-f]{64}$/), expect.any(String), expect.any(String)],
  });
});

testPython('what is ready leaves before what was asked earlier', async () => {
  const told = await talk(server.msgpack, [
    { verify: { certificates: chain('good') }, id: 1 },
    { ping: true, id: 2 },
    { verify: { certificates: [] }, id: 3 },
  ]);
  expect(told.map(({ type, id }) => [type, id])).toEqual([
    ['greeting', 0],
    ['pong', 2],
    ['answer', 3],
    ['answer', 1],
  ]);
});

testPython(
  'STATUS tells what pkixd status tells, refusals name their cause, and the connection stays',
  async () => {
    const told = await talk(server.msgpack, [
      { status: true, id: 1 },
      { verify: { certificates: chain('good'), revokation: 'off' }, id: 2 },
      { verify: { certificates: chain('good'), hosts: ['other.example'] }, id: 3 },
      { verify: { certificates: chain('good'), profile: 'no such' }, id: 4 },
      { cancel: true, id: 99 },
    ]);
    const byId = new Map(told.map((one) => [one.id, one]));
    expect(byId.get(1)?.body.status).toMatchObject({ state: 'running', scale: 1 });
    expect([2, 3, 4].map((id) => byId.get(id)).map((one) => one && codeOf(one))).toEqual([
      'BAD_ARGUMENT',
      'PEER_NAME',
      'UNKNOWN_PROFILE',
    ]);
  },
);

testPython('a listener that permits nothing answers plain requests and refuses all else', async () => {
  const certificates = chain('good');
  const told = await talk(server.bareMsgpack, [
    { verify: { certificates }, id: 1 },
    { verify: { certificates, at: 0 }, id: 2 },
    { verify: { certificates, anchors: certificates }, id: 3 },
    { verify: { certificates, revocation: 'off' }, id: 4 },
    { verify: { certificates, crls: certificates }, id: 5 },
    { verify: { certificates, profile: 'webpki' }, id: 6 },
    { status: true, id: 7 },
  ]);
  const codes = told.slice(1).toSorted((a, b) => a.id - b.id);
  expect(told[0]?.body.permits).toEqual([]);
  expect(codes.map(codeOf)).toEqual(['OK', ...Array<string>(6).fill('NOT_PERMITTED')]);
});

test('the bytes of the example in docs/protocols.md are a request', async () => {
  const page = readFileSync('docs/protocols.md', 'utf8');
  const example = /### Example[\s\S]*?```\n(?<lines>[\s\S]*?)```/.exec(page)?.groups?.['lines'] ?? '';
  const hex = example
    .split('\n')
    .map((line) => /^ *(?:[0-9a-f]{2} {1,2})+/.exec(`${line} `)?.[0] ?? '')
    .join('')
    .replaceAll(' ', '');
  const socket = net.connect(server.msgpack.slice('unix:'.length));
  socket.end(Buffer.from(hex, 'hex'));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString('latin1')).toMatch(/verdict.*invalid.*MALFORMED/s);
});

test('garbage is told, and costs its own connection only', async () => {
  const socket = net.connect(server.msgpack.slice('unix:'.length));
  socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString('latin1')).toMatch(/BAD_MESSAGE/);
  expect((await server.status()).restarts).toBe(0);
});

test('pkixd verify speaks msgpack where the configuration says so', async () => {
  const config = join(server.directory, 'verify.json');
  const listeners = [{ address: server.msgpack, protocol: 'msgpack' }];
  writeFileSync(config, JSON.stringify({ listeners }));
  const files = [pki.path('good.pem'), pki.path('revoked.pem')];
  const words = ['verify', ...files, '--untrusted', pki.path('intermediate.pem'), '--config', config];
  const asked = await cli(server.directory, ...words);
  expect(asked.out).toMatch(/good\.pem: valid OK .*\n.*revoked\.pem: invalid REVOKED/);
  expect(asked.code).toBe(1);
  const refused = await cli(server.directory, ...words, '--profile', 'no such');
  expect(refused.err).toMatch(/error UNKNOWN_PROFILE/);
  const absent = await cli(server.directory, 'verify', ...files, '--connect', 'unix:/nonexistent.sock');
  expect(absent.err).toMatch(/nothing listens at unix:\/nonexistent\.sock; start a server/);
});
