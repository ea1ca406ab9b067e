import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PkixdError } from '../../src/errors.js';
import { type Issued, createCertificate, createLeaf, createRoot } from '../pki/pki.js';
import { extendedKeyUsage, keyUsage } from '../pki/extensions.js';
import { Client, type ClientOptions } from '../../src/client/index.js';
import { TestServer, readAll } from './test-server.js';
import { until } from '../until.js';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

let folder: string;
/** Has a listener of each kind, and no settings of its own. */
let common: TestServer;
/** The one that is asked: the common one, unless the test has started its own. */
let server: TestServer;
let root: Issued;
let client: Issued;
let stranger: Issued;

const keyPem = ({ key }: Issued): string =>
  key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function clientOf(issuer: Issued): Issued {
  const extensions = [keyUsage('digitalSignature'), extendedKeyUsage(CLIENT_AUTH)];
  return createCertificate({ subject: 'client', issuer, extensions });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-tls-'));
  root = createRoot();
  const leaf = createLeaf(root, { dns: ['localhost'], ip: [[127, 0, 0, 1]] });
  client = clientOf(root);
  stranger = clientOf(createRoot({ subject: 'Another Root' }));
  writeFileSync(join(folder, 'root.pem'), root.pem);
  writeFileSync(join(folder, 'server.pem'), leaf.pem);
  writeFileSync(join(folder, 'server.key'), keyPem(leaf), { mode: 0o600 });
  const clientCa = join(folder, 'root.pem');
  common = await TestServer.startPatient({
    trust: { anchors: [clientCa] },
    moreListeners: [
      listener('tls'),
      listener('requested', { clientCa, clientAuth: 'request' }),
      listener('tls-msgpack', { protocol: 'msgpack' }),
      listener('required-msgpack', { protocol: 'msgpack', clientCa }),
    ],
  });
});
afterAll(async () => {
  await common.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  server = common;
});
afterEach(async () => {
  if (server !== common) await server.stop();
});

function listener(
  name: string,
  fields: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const files = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') };
  return { name, address: 'tls://127.0.0.1:0', ...files, ...fields };
}

async function start(
  settings: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  server = await TestServer.startPatient({ moreListeners: [listener('tls', fields)], ...settings });
}

/** A real one. */
async function clientHello(): Promise<Buffer> {
  const listening = net.createServer();
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port: where } = listening.address() as net.AddressInfo;
  const secure = tls.connect({ port: where, host: '127.0.0.1' }).on('error', () => undefined);
  const [socket] = (await once(listening, 'connection')) as [net.Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  secure.destroy();
  listening.close();
  return hello;
}

/** Says this, and nothing more. */
function stuckClient(where: number, said: Buffer): net.Socket {
  const socket = net.connect(where, '127.0.0.1').on('error', () => undefined);
  // Without this what the server sends would keep the end of the connection from being seen.
  socket.resume();
  if (said.length > 0) socket.write(said);
  return socket;
}

async function port(of = 'tls'): Promise<number> {
  const { listeners } = await server.status();
  return Number(new URL(listeners.find(({ name }) => name === of)?.address ?? '').port);
}

async function connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
  return tls.connect({ host: '127.0.0.1', port: options.port ?? (await port()), ca: root.pem, ...options });
}

/** What comes back on a secure connection, or the code of the error that ended it. */
async function ask(options: ConnectionOptions = {}): Promise<string> {
  const socket = await connect(options);
  socket.end('PING\n');
  return readAll(socket).catch((error: NodeJS.ErrnoException) => error.code ?? 'no code');
}

const as = (who: Issued): ConnectionOptions => ({ cert: who.pem, key: keyPem(who) });

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a client that checks the certificate is answered over %s, after its half-close too',
  async (version) => {
    expect(await ask({ minVersion: version, maxVersion: version })).toBe('PONG\n');
  },
);

test('only clients with a certificate of clientCa are served where they are required', async () => {
  await start({}, { clientCa: join(folder, 'root.pem') });
  expect(await ask(as(client))).toBe('PONG\n');
  // An alert, a reset or a bare end, as the version and the moment have it.
  for (const options of [{}, as(stranger)])
    expect(await ask(options)).toMatch(/^(?:ERR_SSL_.*|ECONNRESET|)$/);
  const { workers } = await until(
    () => server.status(),
    (status) =>
      status.workers.reduce((sum, { statistics }) => sum + (statistics?.failedHandshakes ?? 0), 0) === 2,
  );
  expect(workers.every(({ state }) => state === 'ready')).toBe(true);
});

test('where clients are only requested to show a certificate, those without one are served', async () => {
  const where = await port('requested');
  expect(await ask({ port: where })).toBe('PONG\n');
  expect(await ask({ port: where, ...as(client) })).toBe('PONG\n');
});

test('a session is resumed at whichever worker', async () => {
  await start({ workers: { count: 3 } });
  const first = await connect();
  const [session] = (await once(first, 'session')) as [Buffer];
  const resumed: boolean[] = [];
  const open: TLSSocket[] = [first];
  for (let n = 0; n < 9; n++) {
    const socket = await connect({ session });
    await once(socket, 'secureConnect');
    resumed.push(socket.isSessionReused());
    // It stays open, so that the next connection goes to another worker.
    open.push(socket);
  }
  const { workers } = await until(
    () => server.status(),
    (status) => status.workers.every(({ statistics }) => (statistics?.handledConnections ?? 0) > 0),
  );
  expect(workers).toHaveLength(3);
  expect(resumed).toEqual(Array.from({ length: 9 }, () => true));
  for (const socket of open) socket.destroy();
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (version) => {
  const versions = { minVersion: version, maxVersion: version } as const;
  const sessionAt = async (options: ConnectionOptions): Promise<Buffer> => {
    const socket = await connect({ ...versions, ...options });
    const [session] = (await once(socket, 'session')) as [Buffer];
    socket.destroy();
    return session;
  };
  /** Whether a connection with this session was a resumed one, and whether it was served. */
  const resume = async (session: Buffer, options: ConnectionOptions) => {
    const socket = await connect({ ...versions, session, ...options });
    socket.on('error', () => undefined);
    let isReused = false;
    socket.once('secureConnect', () => {
      isReused = socket.isSessionReused();
    });
    socket.end('PING\n');
    const answer = await readAll(socket).catch(() => '');
    return { isReused, isServed: answer === 'PONG\n' };
  };

  test('opens no listener but its own', async () => {
    const clientCa = join(folder, 'root.pem');
    await start({
      moreListeners: [
        listener('tls'),
        listener('same'),
        listener('asks', { clientCa, clientAuth: 'request' }),
        listener('requires', { clientCa }),
      ],
    });
    const own = await sessionAt({ port: await port('tls') });
    expect(await resume(own, { port: await port('tls') })).toEqual({ isReused: true, isServed: true });
    expect(await resume(own, { port: await port('same') })).toEqual({ isReused: false, isServed: true });
    expect(await resume(own, { port: await port('requires') })).toMatchObject({ isServed: false });
    // It was let in without a certificate where that is allowed.
    const asked = await sessionAt({ port: await port('asks') });
    expect(await resume(asked, { port: await port('requires') })).toMatchObject({ isServed: false });
    const known = await sessionAt({ port: await port('requires'), ...as(client) });
    expect(await resume(known, { port: await port('requires') })).toEqual({ isReused: true, isServed: true });
  });

  test('ends with the CAs that let its client in', async () => {
    const ca = join(folder, `clients-${version}.pem`);
    writeFileSync(ca, root.pem);
    await start({}, { clientCa: ca });
    const where = await port();
    const session = await sessionAt({ port: where, ...as(client) });
    expect(await resume(session, { port: where })).toEqual({ isReused: true, isServed: true });
    writeFileSync(ca, stranger.pem + createRoot({ subject: 'New Root' }).pem);
    await server.command({ command: 'reload' });
    await until(
      () => resume(session, { port: where }),
      ({ isServed }) => !isServed,
    );
    expect(await resume(session, { port: where, ...as(client) })).toMatchObject({ isServed: false });
  });
});

test('a client that never finishes the handshake is cut off in time and delays others no longer', async () => {
  await start({
    workers: { count: 1 },
    'connection.helloTimeout': '500ms',
    'connection.tlsTimeout': '500ms',
    'connection.maxHandshakes': 2,
  });
  const where = await port();
  const hello = await clientHello();
  // Some say nothing, some half a record, some nothing after their ClientHello.
  const words = [Buffer.alloc(0), Buffer.from([0x16, 0x03, 0x01, 0x02]), hello, hello];
  const stuck = words.map((said) => stuckClient(where, said));
  // Some are reset: what they sent was not read.
  await Promise.all(stuck.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  // Once it is not too slow itself.
  await until(ask, (answer) => answer === 'PONG\n');
  const { workers } = await until(
    () => server.status(),
    (status) => (status.workers[0]?.statistics?.failedHandshakes ?? 0) >= 4,
  );
  expect(workers[0]?.statistics).toMatchObject({ handshakes: 0, openConnections: 0 });
});

test('clients that are silent, before or after their ClientHello, delay no others', async () => {
  await start({ workers: { count: 1 }, 'connection.maxHandshakes': 2 });
  const where = await port();
  const hello = await clientHello();
  let closed = 0;
  const stuck = Array.from({ length: 60 }, (_, n) => {
    const said = [Buffer.alloc(0), hello.subarray(0, 100), hello][n % 3] ?? hello;
    return stuckClient(where, said).once('close', () => closed++);
  });
  await until(
    () => server.status(),
    ({ workers }) => (workers[0]?.statistics?.handshakes ?? 0) >= stuck.length,
  );
  expect(await ask({ port: where })).toBe('PONG\n');
  expect(closed).toBe(0);
  for (const socket of stuck) socket.destroy();
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a ClientHello of %s that comes octet by octet is one',
  async (version) => {
    const where = await port();
    const dripping = net.createServer({ allowHalfOpen: true }, (downstream) => {
      const upstream = net.connect({ port: where, host: '127.0.0.1', allowHalfOpen: true }).setNoDelay(true);
      downstream.on('data', (chunk: Buffer) => {
        for (const octet of chunk) upstream.write(Buffer.of(octet));
      });
      upstream.on('error', () => undefined).pipe(downstream.on('error', () => undefined));
      downstream.on('end', () => upstream.end());
    });
    await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve));
    const { port: entrance } = dripping.address() as net.AddressInfo;
    const options = { port: entrance, minVersion: version, maxVersion: version };
    expect(await ask(options)).toBe('PONG\n');
    dripping.close();
  },
);

test('more clients at once than handshakes are allowed are all served', async () => {
  await start({ connection: { maxHandshakes: 2 } });
  const where = await port();
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask({ port: where })));
  expect(new Set(answers)).toEqual(new Set(['PONG\n']));
});

test('a client that speaks no TLS is cut off, and the worker stays', async () => {
  const socket = net.connect(await port(), '127.0.0.1').on('error', () => undefined);
  socket.write('PING\n');
  await readAll(socket).catch(() => undefined);
  expect(await ask()).toBe('PONG\n');
  await until(
    () => server.log,
    (log) =>
      /a TLS handshake failed .*"why":"what came first is not a ClientHello"|"message":"a TLS handshake failed".*not a ClientHello/.test(
        log,
      ),
  );
});

test('a worker that is drained finishes the handshakes that are under way and what is asked behind them', async () => {
  await start({ workers: { count: 1 } });
  const where = await port();
  const sockets = await Promise.all(Array.from({ length: 10 }, () => connect({ port: where })));
  const answers = sockets.map((socket) => {
    socket.end('PING\n');
    return readAll(socket);
  });
  await server.command({ command: 'restart', argument: 1 });
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 10 }, () => 'PONG\n'));
});

/** What the package's own client gets at a listener of the common server: the verdict's code, or that of its error. */
async function verdictFor(of: string, options: ClientOptions, host = '127.0.0.1'): Promise<string> {
  const program = new Client(`tls://${host}:${await port(of)}`, {
    failFast: true,
    timeout: 60_000,
    connectTimeout: 60_000,
    ...options,
  });
  try {
    return await program.verify({ certificates: root.der }).then(({ code }) => code, codeOf);
  } finally {
    await program.close();
  }
}

const codeOf = (error: unknown): string => (error instanceof PkixdError ? error.code : String(error));

test('the client asks over TLS, by address and by name, and takes no server whose certificate it cannot check', async () => {
  const answer = 'LEAF_IS_ANCHOR';
  expect(await verdictFor('tls-msgpack', { tls: { ca: root.pem } })).toBe(answer);
  expect(await verdictFor('tls-msgpack', { tls: { ca: root.pem } }, 'localhost')).toBe(answer);
  expect(await verdictFor('tls-msgpack', {})).toBe('UNREACHABLE');
  const other = { ca: root.pem, servername: 'other.example' };
  expect(await verdictFor('tls-msgpack', { tls: other })).toBe('UNREACHABLE');
});

test('the client shows its certificate where one is required, and is told when it has none', async () => {
  const known = { ca: root.pem, ...as(client) };
  expect(await verdictFor('required-msgpack', { tls: known })).toBe('LEAF_IS_ANCHOR');
  for (const shown of [{}, as(stranger)])
    expect(await verdictFor('required-msgpack', { tls: { ca: root.pem, ...shown } })).toBe('UNREACHABLE');
});
