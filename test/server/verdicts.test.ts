import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '../../src/client/index.js';
import { program } from '../cli/program.js';
import { withComponent } from '../component.js';
import { answerOf } from './answer.js';
import { demo, type Demo } from './demo.js';
import { readAll, TestServer } from './test-server.js';
import { until } from '../until.js';

let pki: Demo;
let server: TestServer;

beforeAll(async () => {
  pki = demo();
  server = await TestServer.startPatient({
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
});
afterAll(async () => {
  await server.stop();
  pki.remove();
});

test.each(['tcp', 'unix'] as const)(
  'a good and a revoked certificate get their verdicts over %s',
  async (kind) => {
    const answers = await server.talk(
      `${pki.verify('good', 'id=g')}${pki.verify('revoked', 'id=r')}QUIT\n`,
      kind,
    );
    const [good, revoked, bye] = answers.split('\n');
    expect(good).toMatch(/^g valid OK \{/);
    expect(revoked).toMatch(/^r invalid REVOKED \{/);
    expect(bye).toBe('BYE');
    const verdict = JSON.parse(good?.replace(/^g valid OK /, '') ?? '') as {
      path: string[];
      revocation: unknown[];
    };
    expect(verdict.path).toHaveLength(3);
    expect(verdict.revocation).toHaveLength(2);
  },
);

test.each(['good', 'revoked'] as const)('every protocol says who was judged, of the %s one', async (leaf) => {
  const who = {
    subject: 'CN=leaf.example',
    issuer: 'CN=Test Intermediate',
    serial: new X509Certificate(pki.der(leaf)).serialNumber,
  };
  const client = new Client(server.msgpack, { timeout: 60_000 });
  // The second answer comes from the cache.
  for (const round of ['id=1', 'id=2']) {
    const line = await server.talk(pki.verify(leaf, round));
    expect(answerOf(line).verdict).toMatchObject(who);
    expect(await client.verify({ certificates: pki.chain(leaf) })).toMatchObject(who);
  }
  await client.close();
  const words = [pki.path(`${leaf}.pem`), '--untrusted', pki.path('intermediate.pem'), '--json'];
  const printed = await program(server.directory, ['verify', ...words]);
  expect(JSON.parse(printed.out)).toMatchObject(who);
});

test('CRLs that come with a request serve it alone: nothing of them is stored', async () => {
  const other = await TestServer.startPatient({ trust: { anchors: [pki.path('root.pem')] } });
  try {
    const crls = ['root', 'intermediate'].map((ca) => readFileSync(pki.path(`crls/${ca}.crl`), 'utf8'));
    const request = pki.verify('good', 'id=with').replace(/\.\n$/, `${crls.join('')}.\n`);
    expect(await other.talk(request)).toMatch(/^with valid OK /);
    expect(await other.talk(pki.verify('good', 'id=without'))).toMatch(/^without indeterminate CRL_NONE /);
    expect(await program(other.directory, ['crl', 'list', '--json'])).toMatchObject({ code: 0, out: '' });
  } finally {
    await other.stop();
  }
});

test('ten thousand pipelined requests are all answered, in their order', async () => {
  const socket = server.connect('unix');
  const answers = readAll(socket);
  for (let n = 0; n < 10_000; n++) {
    const request = n % 10 === 0 ? pki.verify('revoked', `id=${n}`) : pki.verify('good', `id=${n}`);
    if (!socket.write(request)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.end();
  const lines = (await answers).trimEnd().split('\n');
  const heads = lines.map((line) => line.split(' ', 3).join(' '));
  expect(heads).toEqual(
    Array.from({ length: 10_000 }, (_, n) => (n % 10 === 0 ? `${n} invalid REVOKED` : `${n} valid OK`)),
  );
});

withComponent('nc')('nc -N gets its answer behind its half-close', async () => {
  const nc = spawn('nc', ['-N', '127.0.0.1', String(server.port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  nc.stdin.end(pki.verify('good', 'id=nc'));
  let answer = '';
  for await (const chunk of nc.stdout) answer += String(chunk);
  expect(answer).toMatch(/^nc valid OK /);
});

withComponent('openssl')('openssl agrees on both leaves', async () => {
  const openssl = async (leaf: string): Promise<string> => {
    const crls = [pki.path('crls/root.crl'), pki.path('crls/intermediate.crl')].flatMap((file) => [
      '-CRLfile',
      file,
    ]);
    const run = promisify(execFile)('openssl', [
      'verify',
      '-crl_check_all',
      '-CAfile',
      pki.path('root.pem'),
      '-untrusted',
      pki.path('intermediate.pem'),
      ...crls,
      pki.path(`${leaf}.pem`),
    ]);
    return run.then(
      ({ stdout }) => stdout,
      (error: { stderr: string }) => error.stderr,
    );
  };
  expect(await openssl('good')).toMatch(/: OK/);
  expect(await openssl('revoked')).toMatch(/certificate revoked/);
});

test('STATUS over the line protocol tells of listeners and workers', async () => {
  const text = await server.talk('STATUS\n');
  expect(text).toMatch(/^state running$/m);
  expect(text).toMatch(/^listeners\.1\.address unix:/m);
  expect(text).toMatch(/^workers\.0\.state ready$/m);
  expect(text).toMatch(/\n\.\n$/);
});

test('status counts what was handled', async () => {
  const before = await server.status();
  await server.talk('PING\nPING\nNONSENSE\n');
  const sum = (status: typeof before, of: 'handledRequests' | 'errors'): number =>
    status.workers.reduce((total, worker) => total + (worker.statistics?.[of] ?? 0), 0);
  const after = await until(
    () => server.status(),
    (status) =>
      sum(status, 'handledRequests') >= sum(before, 'handledRequests') + 3 &&
      sum(status, 'errors') > sum(before, 'errors'),
  );
  expect(after.listeners.map((listener) => listener.name)).toEqual(['tcp', 'unix', 'msgpack', 'bare']);
});
