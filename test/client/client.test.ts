import { afterEach, expect, test } from '@jest/globals';
import { Client, type ClientOptions, type VerifyInput } from '../../src/client/index.js';
import { decode } from '../../src/wire/codec.js';
import type { Message } from '../../src/wire/message-reader.js';
import { MESSAGE } from '../../src/wire/message.js';
import { type FakeConnection, FakeServer, VERDICT } from './fake-server.js';
import { until } from '../until.js';

/** A DER SEQUENCE: the client looks no further. */
const CERT = Buffer.from('0\u0004leaf');
const ASK = { certificates: CERT };

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function start(...args: Parameters<typeof FakeServer.start>): Promise<FakeServer> {
  const server = await FakeServer.start(...args);
  open.push({ close: () => server.stop() });
  return server;
}

function connect(server: FakeServer | string | readonly string[], options: ClientOptions = {}): Client {
  const client = new Client(server instanceof FakeServer ? server.address : server, {
    timeout: 60_000,
    connectTimeout: 60_000,
    ...options,
  });
  open.push({ close: () => void client.close() });
  return client;
}

const verifies = (server: FakeServer): number[] =>
  server.received.filter(({ type }) => type === MESSAGE.verify).map(({ id }) => id);

test('a request goes out as its fields say, and nothing that is undefined', async () => {
  const server = await start(({ id }, connection) => connection.answer(id, { verdict: VERDICT }));
  const client = connect(server);
  const pem = `-----BEGIN CERTIFICATE-----\n${CERT.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const verdict = await client.verify({
    certificates: [CERT, pem + pem],
    crls: [pem.replaceAll('CERTIFICATE', 'X509 CRL')],
    hosts: ['a.example'],
    at: new Date(0),
    policy: { explicit: true },
    ...({ profile: undefined } as object),
  });
  expect(verdict).toEqual(VERDICT);
  expect(decode(server.received[0]?.body ?? CERT)).toEqual({
    certificates: [CERT, CERT, CERT],
    crls: [CERT],
    hosts: ['a.example'],
    at: 0,
    policy: { explicit: true },
  });
});

test('answers find their requests in whatever order they come', async () => {
  const ids: number[] = [];
  const server = await start(({ id }, connection) => {
    if (ids.push(id) < 3) return;
    for (const known of ids.toReversed())
      connection.answer(known, { verdict: { ...VERDICT, message: String(known) } });
  });
  const client = connect(server);
  const verdicts = await Promise.all([client.verify(ASK), client.verify(ASK), client.verify(ASK)]);
  expect(verdicts.map(({ message }) => message)).toEqual(ids.map(String));
});

test('beyond what the server takes at once calls wait, and none is lost', async () => {
  let most = 0;
  const pending: (() => void)[] = [];
  const server = await start(
    ({ id }, connection) => {
      pending.push(() => connection.answer(id, { verdict: VERDICT }));
      most = Math.max(most, pending.length);
      setImmediate(() => pending.shift()?.());
    },
    () => ({ protocol: 'pkixd', version: 1, limits: { maxInFlight: 4 } }),
  );
  const client = connect(server, { maxConnections: 2 });
  await Promise.all(Array.from({ length: 100 }, () => client.verify(ASK)));
  expect(most).toBeLessThanOrEqual(8);
  expect(server.connections).toBeLessThanOrEqual(2);
});

test('a refusal rejects with its code', async () => {
  const server = await start(({ id }, connection) =>
    connection.answer(id, { refused: { code: 'NOT_PERMITTED', message: 'no' } }),
  );
  await expect(connect(server).verify(ASK)).rejects.toMatchObject({
    name: 'RefusedError',
    code: 'NOT_PERMITTED',
  });
});

test('a verdict whose status is not that of its code is none, and neither is a valid one of an unknown code', async () => {
  const answers = [
    { ...VERDICT, code: 'REVOKED' },
    { ...VERDICT, code: 'NEW' },
    { ...VERDICT, code: 'NEW', status: 'invalid' },
  ];
  const server = await start(({ id }, connection) => connection.answer(id, { verdict: answers.shift() }));
  const client = connect(server);
  await expect(client.verify(ASK)).rejects.toMatchObject({ code: 'PROTOCOL' });
  await expect(client.verify(ASK)).rejects.toMatchObject({ code: 'PROTOCOL' });
  await expect(client.verify(ASK)).resolves.toMatchObject({ code: 'NEW', status: 'invalid' });
});

test('BUSY is tried again after a while, for as long as there is time', async () => {
  const pauses = [10, 10];
  const server = await start(({ id }, connection) => {
    const retryAfter = pauses.shift();
    connection.answer(
      id,
      retryAfter === undefined
        ? { verdict: VERDICT }
        : { refused: { code: 'BUSY', message: '', retryAfter } },
    );
  });
  await expect(connect(server).verify(ASK)).resolves.toEqual(VERDICT);
  expect(verifies(server)).toHaveLength(3);
  // The last pause would end too late.
  pauses.push(10, 120_000);
  await expect(connect(server).verify(ASK)).rejects.toMatchObject({
    name: 'BusyError',
    code: 'BUSY',
    retryAfter: 120_000,
  });
  expect(verifies(server)).toHaveLength(5);
});

test('a call whose time is over is cancelled at the server, which was told its deadline', async () => {
  const server = await start(({ type, id }, connection) => {
    if (type === MESSAGE.ping) connection.pong(id);
  });
  const client = connect(server);
  // Connected, it sends the call at once, however little time that has.
  await client.ping();
  await expect(client.verify(ASK, { timeout: 200 })).rejects.toMatchObject({
    name: 'DeadlineError',
    code: 'DEADLINE',
  });
  const requests = (): Message[] => server.received.filter(({ type }) => type !== MESSAGE.ping);
  await until(() => requests().length === 2);
  const [verify, cancel] = requests();
  expect(verify?.time).toBeGreaterThan(0);
  expect(verify?.time).toBeLessThanOrEqual(200);
  expect([cancel?.type, cancel?.id]).toEqual([MESSAGE.cancel, verify?.id]);
});

test('a signal ends a call with its reason and cancels it at the server, before it is sent too', async () => {
  let asked!: () => void;
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const cancelled: number[] = [];
  const server = await start(({ type, id }, connection) => {
    if (type === MESSAGE.verify) asked();
    else if (type === MESSAGE.cancel) cancelled.push(id);
    else connection.socket.write(Buffer.from('0000000c830000000000000000000000', 'hex').fill(id, 11, 12));
  });
  const client = connect(server);
  const controller = new AbortController();
  const call = client.verify(ASK, { signal: controller.signal });
  await arrived;
  controller.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
  await expect(client.verify(ASK, { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow(
    'never',
  );
  await client.ping();
  expect(cancelled).toEqual(verifies(server));
  expect(cancelled).toHaveLength(1);
});

test('a call whose connection dies is sent once more, and not a third time', async () => {
  const server = await start((_, { socket }) => socket.destroy());
  await expect(connect(server).verify(ASK)).rejects.toMatchObject({
    name: 'ConnectionLostError',
    code: 'CONNECTION_LOST',
  });
  expect(verifies(server)).toHaveLength(2);
});

test('a call that was slow by itself before its connection died goes after those that died with it', async () => {
  const again: string[] = [];
  let late: Promise<unknown> | undefined;
  const server = await start(({ type, id, body }, connection) => {
    if (type === MESSAGE.ping) {
      connection.pong(id);
      if (connection.number === 0) late ??= client.verify({ ...ASK, hosts: ['late.example'] });
    } else if (connection.number > 0) {
      again.push(body.includes('late.example') ? 'late' : 'slow');
      connection.answer(id, { verdict: VERDICT });
    } else if (body.includes('late.example')) connection.socket.destroy();
  });
  const client = connect(server, { maxConnections: 1 });
  await expect(client.verify(ASK)).resolves.toEqual(VERDICT);
  await expect(late).resolves.toEqual(VERDICT);
  expect(again).toEqual(['late', 'slow']);
});

test('a call that the server had not read when it died did not die with it', async () => {
  const server = await start(
    ({ id }, connection) => {
      if (connection.number === 3) connection.socket.destroy();
      else connection.answer(id, { verdict: VERDICT });
    },
    ({ socket, number }) => {
      // In the first three cases the call stays in the kernel, where it arrives after a few turns of the loop.
      if (number < 3) void turns(50).then(() => socket.destroy());
      else socket.resume();
      return { protocol: 'pkixd', version: 1, limits: { maxInFlight: 16 } };
    },
    { pauseOnConnect: true },
  );
  await expect(connect(server).verify(ASK)).resolves.toEqual(VERDICT);
  expect(verifies(server)).toHaveLength(2);
  expect(server.connections).toBe(5);
});

test('a call that was refused as BUSY many times may still lose a connection', async () => {
  let busy = 6;
  const server = await start(({ id }, connection) => {
    if (busy-- > 0) connection.answer(id, { refused: { code: 'BUSY', message: '', retryAfter: 1 } });
    else if (busy === -1) connection.socket.destroy();
    else connection.answer(id, { verdict: VERDICT });
  });
  await expect(connect(server).verify(ASK)).resolves.toEqual(VERDICT);
  expect(verifies(server)).toHaveLength(8);
});

test('a server that falls silent is asked, given up, and its call sent on another connection', async () => {
  const silent: number[] = [];
  const server = await start(({ type, id }, connection) => {
    if (connection.number === 0) silent.push(type);
    else if (type === MESSAGE.verify) connection.answer(id, { verdict: VERDICT });
  });
  const client = connect(server, { maxConnections: 1 });
  await expect(client.verify(ASK)).resolves.toEqual(VERDICT);
  expect(silent).toEqual([MESSAGE.verify, MESSAGE.ping]);
  expect(server.connections).toBe(2);
});

test('a server that takes long for an answer but says that it is there is waited for', async () => {
  const server = await start(({ type, id }, connection) => {
    if (type === MESSAGE.ping) connection.pong(id);
    else setTimeout(() => connection.answer(id, { verdict: VERDICT }), 9500);
  });
  await expect(connect(server).verify(ASK)).resolves.toEqual(VERDICT);
  expect(verifies(server)).toHaveLength(1);
});

test('a call goes where nothing waits for long, on a new connection if need be', async () => {
  const server = await start(({ id }, connection) => {
    if (connection.number > 0) connection.answer(id, { verdict: VERDICT });
  });
  const client = connect(server, { timeout: 3000 });
  const stuck = client.verify(ASK).catch((error: unknown) => error);
  await until(() => verifies(server).length === 1);
  await new Promise((resolve) => setTimeout(resolve, 600));
  // The first that finds all slow is sent there all the same, and has another connection opened for those after it.
  const second = client.verify(ASK).catch((error: unknown) => error);
  await until(() => server.connections === 2);
  // As soon as the new one has greeted.
  const later = async (): Promise<unknown> => client.verify(ASK, { timeout: 200 }).catch(later);
  expect(await later()).toEqual(VERDICT);
  expect(await stuck).toMatchObject({ code: 'DEADLINE' });
  // Not so the second where it came when the server was in doubt already.
  await second;
});

test('connections that die one after the other with their worker are not taken for living ones', async () => {
  const firsts: FakeConnection[] = [];
  const server = await start(
    ({ type, id }, connection) => {
      if (connection.number < 2) {
        // Both are held until both have work; then the first dies, and the second some time after.
        if (type === MESSAGE.verify) firsts.push(connection);
        const numbers = new Set(firsts.map(({ number }) => number));
        if (numbers.size < 2 || type !== MESSAGE.verify) return;
        firsts.find(({ number }) => number === 0)?.socket.destroy();
        setTimeout(() => firsts.find(({ number }) => number === 1)?.socket.destroy(), 200);
      } else if (type === MESSAGE.verify) connection.answer(id, { verdict: VERDICT });
    },
    () => ({ protocol: 'pkixd', version: 1, limits: { maxInFlight: 16 } }),
  );
  const client = connect(server, { maxConnections: 2 });
  const verdicts = await Promise.all(Array.from({ length: 30 }, () => client.verify(ASK)));
  expect(verdicts).toHaveLength(30);
});

test('a call that is sent again does not go where nothing was heard lately, before that one has said that it lives', async () => {
  const got: string[] = [];
  let other: Promise<unknown> | undefined;
  const server = await start(({ type, id, body }, connection) => {
    const what = type === MESSAGE.ping ? 'ping' : body.includes('other.example') ? 'other' : 'first';
    got.push(`${connection.number} ${what}`);
    if (connection.number === 0) {
      // The call is overtaken by the PONG: it is sent again after a while.
      if (what !== 'ping') return;
      connection.pong(id);
      connection.socket.end();
      connection.socket.once('close', () => {
        other = client.verify({ ...ASK, hosts: ['other.example'] });
      });
      // The second connection answers that other call, and then nothing more.
    } else if (what === 'other' || connection.number > 1) connection.answer(id, { verdict: VERDICT });
  });
  const client = connect(server, { maxConnections: 2 });
  await expect(client.verify(ASK)).resolves.toEqual(VERDICT);
  await expect(other).resolves.toEqual(VERDICT);
  expect(got).toEqual(['0 first', '0 ping', '1 other', '1 ping', '2 first']);
});

test('calls that died with a server go to another one, on new connections too', async () => {
  const held: (() => void)[] = [];
  let isDead = false;
  const dying = await start((_, { socket }) => {
    if (isDead || verifies(dying).length >= 9) {
      isDead = true;
      socket.destroy();
      for (const answer of held.splice(0)) answer();
    }
  });
  const other = await start(({ type, id }, connection) => {
    const answer = (): void => {
      if (type === MESSAGE.ping) connection.pong(id);
      else connection.answer(id, { verdict: VERDICT });
    };
    if (isDead) answer();
    else held.push(answer);
  });
  const client = connect([dying.address, other.address], { maxConnections: 4 });
  const asked = Array.from({ length: 20 }, () => client.verify(ASK));
  expect(await Promise.all(asked)).toEqual(asked.map(() => VERDICT));
  expect(dying.connections).toBe(1);
});

test('a call that the server did not carry out before it asked the client to go is sent again', async () => {
  const server = await start(({ id }, connection) => {
    if (connection.number < 3) {
      connection.goAway('DRAIN');
      connection.socket.end();
    } else connection.answer(id, { verdict: VERDICT });
  });
  await expect(connect(server).verify(ASK)).resolves.toEqual(VERDICT);
  expect(server.connections).toBe(4);
});

test('asked to go, a client waits for its answers, sends what is new elsewhere, and closes', async () => {
  let first: { connection: Parameters<Parameters<typeof FakeServer.start>[0]>[1]; id: number } | undefined;
  const server = await start(({ id }, connection) => {
    if (connection.number > 0) {
      connection.answer(id, { verdict: { ...VERDICT, message: 'second' } });
      first?.connection.answer(first.id, { verdict: { ...VERDICT, message: 'first' } });
    } else {
      first = { connection, id };
      connection.goAway('REBALANCE');
    }
  });
  const client = connect(server);
  const early = client.verify(ASK);
  await until(() => first !== undefined);
  await expect(client.verify(ASK)).resolves.toMatchObject({ message: 'second' });
  await expect(early).resolves.toMatchObject({ message: 'first' });
  await until(
    () => first?.connection.socket.destroyed === true || first?.connection.socket.readableEnded === true,
  );
});

test('a client turned away at the door knocks again', async () => {
  const server = await start(
    ({ id }, connection) => connection.answer(id, { verdict: VERDICT }),
    (connection) => {
      if (connection.number > 1) return { protocol: 'pkixd', version: 1, limits: { maxInFlight: 1 } };
      connection.goAway('BUSY', 20);
      connection.socket.end();
      return undefined;
    },
  );
  await expect(connect(server).verify(ASK)).resolves.toEqual(VERDICT);
  await expect(connect(server, { failFast: true }).verify(ASK)).resolves.toEqual(VERDICT);
});

test('a call to an address without a server waits until its time is over; with failFast it fails at once', async () => {
  const nowhere = 'unix:/nonexistent/pkixd.sock';
  const client = connect(nowhere);
  // The next call begins when this one has tried to connect.
  await Promise.allSettled([client.verify(ASK, { timeout: 1 }), turns(50)]);
  await expect(client.verify(ASK, { timeout: 200 })).rejects.toMatchObject({
    name: 'ConnectError',
    code: 'NOT_LISTENING',
  });
  await expect(connect(nowhere, { failFast: true }).verify(ASK)).rejects.toMatchObject({
    code: 'NOT_LISTENING',
  });
});

test('of two servers the one that is there serves', async () => {
  const server = await start(({ id }, connection) => connection.answer(id, { verdict: VERDICT }));
  const client = connect(['unix:/nonexistent/pkixd.sock', server.address], { failFast: true });
  await expect(client.verify(ASK)).resolves.toEqual(VERDICT);
});

test.each([
  ['another protocol', { protocol: 'other' }, /something else/],
  ['another version', { protocol: 'pkixd', version: 2, limits: { maxInFlight: 1 } }, /version 2/],
])('a server of %s is none', async (_, greeting, message) => {
  const server = await start(
    () => undefined,
    () => greeting,
  );
  await expect(connect(server, { failFast: true }).verify(ASK)).rejects.toThrow(message);
});

test('a server that does not greet is given up', async () => {
  const server = await start(
    () => undefined,
    () => undefined,
  );
  await expect(connect(server, { failFast: true, connectTimeout: 100 }).verify(ASK)).rejects.toThrow(
    /no greeting within 100 ms/,
  );
});

test('close waits for what was sent, and refuses what comes after', async () => {
  let answer: (() => void) | undefined;
  const server = await start(({ id }, connection) => {
    answer = () => connection.answer(id, { verdict: VERDICT });
  });
  const client = connect(server);
  const call = client.verify(ASK);
  await until(() => answer !== undefined);
  const closed = client.close();
  await expect(client.verify(ASK)).rejects.toMatchObject({ code: 'CLOSED' });
  answer?.();
  await expect(call).resolves.toEqual(VERDICT);
  await closed;
});

test.each([
  ['no server', () => new Client([]), /no server/],
  ['no address', () => new Client('http://x'), /not an address/],
  ['a timeout of none', () => new Client('unix:/x', { timeout: 0 }), /a timeout is/],
  ['no connections', () => new Client('unix:/x', { maxConnections: 0 }), /maxConnections/],
])('%s is an error of the caller', (_, make, message) => {
  expect(make).toThrow(message);
});

test.each([
  ['text that is no PEM', { certificates: 'x' }, /no CERTIFICATE block/],
  ['neither DER nor PEM', { certificates: [5] }, /DER in a Uint8Array/],
  ['an instant that is none', { certificates: CERT, at: new Date('x') }, /not an instant/],
  ['an instant beyond a Date', { certificates: CERT, at: 9e15 }, /not an instant/],
  ['an instant before 1970', { certificates: CERT, at: -1 }, /not an instant/],
])('%s is refused before anything is sent', async (_, input, message) => {
  await expect(connect('unix:/nonexistent').verify(input as unknown as VerifyInput)).rejects.toThrow(message);
});

/** Waits for so many turns of the loop, in which data between sockets of this process arrives. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
