import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { demo, type Demo } from './demo.js';
import { LongClient } from './long-client.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

const PATIENCE = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'pkixd-releases-'));
const current = join(folder, 'current');
let pki: Demo;
let server: TestServer;

/** Copies of this build that call themselves 1.0.0 and 2.0.0, with a link to the one in use. */
beforeAll(() => {
  for (const version of ['1.0.0', '2.0.0']) {
    const release = join(folder, version);
    mkdirSync(release);
    cpSync('dist', join(release, 'dist'), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(release, 'node_modules'));
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as object;
    writeFileSync(join(release, 'package.json'), JSON.stringify({ ...manifest, version }));
  }
});
beforeEach(async () => {
  pki = demo();
  install('1.0.0');
  const settings = {
    workers: { count: 2 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  };
  server = await TestServer.startPatient(settings, undefined, join(current, 'dist/cli/main.js'));
});
afterEach(async () => {
  await server.stop();
  pki.remove();
});
afterAll(() => rmSync(folder, { recursive: true }));

function install(version: string): void {
  symlinkSync(join(folder, version), `${current}.new`);
  renameSync(`${current}.new`, current);
}

const releases = async (): Promise<(string | undefined)[]> =>
  (await server.status()).workers.map(({ version }) => version);

test('workers stay with the release of their start until a reload, which takes all of them to the new one under load', async () => {
  const clients = Array.from(
    { length: 4 },
    () =>
      new LongClient(server, pki.verify('good', 'id=long'), (answer) => answer.startsWith('long valid OK ')),
  );
  install('2.0.0');
  await server.command({ command: 'restart', argument: 1 });
  await until(
    () => server.status(),
    ({ workers }) => workers.every(({ worker, state }) => worker > 1 && state === 'ready'),
    PATIENCE,
  );
  expect(await releases()).toEqual(['1.0.0', '1.0.0']);
  expect(await server.command({ command: 'reload' }, PATIENCE)).toEqual({ version: '2.0.0' });
  expect(await releases()).toEqual(['2.0.0', '2.0.0']);
  for (const { pid } of (await server.status()).workers) {
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(join(folder, '2.0.0/dist/worker/main.js'));
  }
  const soFar = clients.map(({ answered }) => answered);
  await until(
    () => clients.every(({ answered }, place) => answered > (soFar[place] ?? 0)),
    (allServed) => allServed,
  );
  for (const client of clients) client.stop();
  expect(clients.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(clients.map(({ lost }) => lost)).toEqual([0, 0, 0, 0]);
});

test('a release without a worker, and a configuration with errors, are refused with what is wrong', async () => {
  const broken = join(folder, 'broken');
  mkdirSync(join(broken, 'dist/cli'), { recursive: true });
  writeFileSync(join(broken, 'dist/cli/main.js'), '');
  install('broken');
  await expect(server.command({ command: 'reload' }, PATIENCE)).rejects.toThrow(
    /^nothing was changed: .*leads to no release of pkixd: there is no .*worker\/main\.js$/,
  );
  install('1.0.0');
  writeFileSync(
    join(server.directory, 'pkixd.config.json'),
    '{"queue": {"max": "many"}, "workers": {"cuont": 3}}',
  );
  await expect(server.command({ command: 'reload' }, PATIENCE)).rejects.toThrow(
    /workers\.cuont: there is no such option[^]*queue\.max: "many"/,
  );
  expect(await server.talk(pki.verify('good', 'id=1'))).toMatch(/^1 valid OK/);
});
