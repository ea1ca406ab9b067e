import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demo, type Demo } from './demo.js';
import { readAll, TestServer } from './test-server.js';
import { until } from '../until.js';

let pki: Demo;
let server: TestServer;
/** Waits for its clients no longer than the tests do. */
let hasty: TestServer;
const workers = new Map<TestServer, number[]>();

beforeAll(async () => {
  pki = demo();
  const settings = { trust: { anchors: [pki.path('root.pem')] }, crl: { directory: pki.path('crls') } };
  [server, hasty] = await Promise.all([
    TestServer.startPatient(settings),
    TestServer.startPatient({
      ...settings,
      'connection.firstByteTimeout': '1s',
      'connection.requestTimeout': '2s',
      'connection.idleTimeout': '3s',
    }),
  ]);
  for (const each of [server, hasty]) workers.set(each, await each.processes());
});
afterAll(async () => {
  await Promise.all([server.stop(), hasty.stop()]);
  pki.remove();
});

/** Whatever a test did, every process lives and serves. */
async function serves(of = server): Promise<void> {
  const answer = await until(
    () => of.talk(pki.verify('good', 'id=after')),
    (told) => of === server || !told.includes('firstByte'),
  );
  expect(answer).toMatch(/^after valid OK/);
  expect(await of.processes()).toEqual(workers.get(of));
}

/** What the hasty server says to who sends this and nothing more; once more where this itself came too late. */
const toldInHaste = (sent: string): Promise<string> =>
  until(
    () => {
      const socket = hasty.connect();
      socket.write(sent);
      return readAll(socket);
    },
    (told) => !told.includes('firstByte'),
  );

const half = (text: string): string => text.slice(0, text.length / 2);

test.each([
  [
    'random bytes',
    () => Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 131 + 7) % 256)),
    /error UNKNOWN_COMMAND/,
  ],
  ['an HTTP request', () => 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /^- error UNKNOWN_COMMAND .*HTTP/],
  ['half a PEM', () => `VERIFY id=h\n${half(pki.pem('good'))}\n.\n`, /^h error BAD_(PEM|BASE64)/],
  ['half a request', () => half(pki.verify('good', 'id=h')), /^h error INCOMPLETE/],
  ['base64 with errors', () => pki.verify('good', 'id=b').replace('\nMII', '\nM!I'), /^b error BAD_BASE64/],
  [
    'a certificate with trailing bytes',
    () => pki.verifyDer(Buffer.concat([pki.der('good'), Buffer.from([0])])),
    /^- invalid MALFORMED/,
  ],
  ['a certificate cut short', () => pki.verifyDer(pki.der('good').subarray(0, -20)), /^- invalid MALFORMED/],
  ['nonsense instead of DER', () => pki.verifyDer(Buffer.from('no certificate')), /^- invalid MALFORMED/],
])('%s gets a clear answer', async (_, input, answer) => {
  expect(await server.talk(input())).toMatch(answer);
  await serves();
});

test('100 MB of letters without a newline are answered, dropped, and cost no memory', async () => {
  const socket = server.connect();
  const answer = once(socket, 'data');
  // The server may close before it has seen all: then what is on its way is reset.
  const closed = once(
    socket.on('error', () => undefined),
    'close',
  );
  const megabyte = Buffer.alloc(1024 * 1024, 'a');
  for (let sent = 0; sent < 100 && !socket.destroyed; sent++) {
    if (socket.write(megabyte)) continue;
    const drained = new AbortController();
    await Promise.race([once(socket, 'drain', { signal: drained.signal }), closed]);
    drained.abort();
  }
  socket.end();
  expect(String(await answer)).toMatch(/^- error LINE_TOO_LONG/);
  const { workers: after } = await server.status();
  for (const worker of after) expect(worker.statistics?.rss).toBeLessThan(400 * 1024 * 1024);
  await serves();
});

test('a client that never sends the terminator meets the deadline of its request', async () => {
  const told = await toldInHaste(pki.verify('good', 'id=slow').replace(/\.\n$/, ''));
  expect(told).toMatch(/^slow error DEADLINE .*requestTimeout/);
  await serves(hasty);
});

test('a hundred silent clients at once reach the deadline of the first byte and delay no others', async () => {
  const silent = Array.from({ length: 100 }, () => hasty.connect());
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  const farewells = silent.map((socket) => readAll(socket));
  await serves(hasty);
  for (const farewell of await Promise.all(farewells))
    expect(farewell).toMatch(/^- error DEADLINE .*firstByte/);
});

test('an idle connection is closed with a word', async () => {
  expect(await toldInHaste('PING\n')).toMatch(/^PONG\n- error DEADLINE .*idleTimeout/);
});

test('a client that goes away in the middle of a request affects no others', async () => {
  for (let n = 0; n < 20; n++) {
    const socket = server.connect(n % 2 === 0 ? 'tcp' : 'unix');
    socket.write(half(pki.verify('good', `id=${n}`)));
    await once(socket, 'connect');
    if (n % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
  await serves();
});

test('large requests begun at once and left unfinished take no more than their bound; a small one is served', async () => {
  const small = await TestServer.startPatient({
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
    workers: { count: 1 },
    request: { maxSize: '1MiB', maxHeld: '2MiB' },
  });
  try {
    const unfinished = `VERIFY id=big\n-----BEGIN CERTIFICATE-----\n${`${'A'.repeat(64)}\n`.repeat(14_000)}`;
    const sockets = Array.from({ length: 8 }, () => small.connect());
    const refused = new Promise<string>((resolve) => {
      for (const socket of sockets) socket.once('data', (answer) => resolve(answer.toString()));
    });
    for (const socket of sockets) socket.write(unfinished);
    expect(await refused).toMatch(/^big error BUSY .*request\.maxHeld/);
    expect(await small.talk(pki.verify('good', 'id=small'))).toMatch(/^small valid OK/);
    for (const socket of sockets) socket.destroy();
  } finally {
    await small.stop();
  }
});
