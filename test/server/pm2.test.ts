// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { alive, withoutOptions } from './test-server.js';
import { until } from '../until.js';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'pkixd-pm2-'));
const env = {
  ...withoutOptions(process.env),
  PM2_HOME: join(directory, 'pm2'),
  PKIXD_CONFIG: join(directory, 'pkixd.config.json'),
};
// Paths count from the file's folder, so nothing of a server that runs in this clone is touched.
writeFileSync(
  env.PKIXD_CONFIG,
  JSON.stringify({ listeners: ['unix:pkixd.sock'], run: { directory: 'run' }, log: { directory: 'logs' } }),
);
const pm2 = (...words: string[]): Promise<{ stdout: string }> =>
  run(process.execPath, ['node_modules/pm2/bin/pm2', ...words], { env, timeout: 60_000 });
const pkixd = (...words: string[]): Promise<{ stdout: string }> =>
  run(process.execPath, ['dist/cli/main.js', ...words], { env });

afterAll(async () => {
  await pm2('kill');
  rmSync(directory, { recursive: true, force: true });
});

interface Status {
  readonly pid: number;
  readonly state: string;
  readonly workers: readonly { readonly pid: number; readonly state: string }[];
}
/** Its exit code says that workers come and go, which these tests have them do. */
const status = async (): Promise<Status> => {
  const { stdout } = await pkixd('status', '--json').catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Status;
};
interface Listed {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number };
}
const listed = async (): Promise<readonly Listed[]> => JSON.parse((await pm2('jlist')).stdout) as Listed[];
const processes = ({ pid, workers }: Status): number[] => [pid, ...workers.map((worker) => worker.pid)];

test('pm2 starts, reloads and stops it, and beside pm2 its own commands scale, reload and show it', async () => {
  await pm2('start', 'ecosystem.config.js');
  const first = await status();
  expect(first.state).toBe('running');
  expect(first.workers.map(({ state }) => state)).not.toContain('starting');

  await pkixd('scale', '1');
  await until(status, ({ workers }) => workers.length === 1);
  expect((await pkixd('reload')).stdout).toMatch(/reloaded/);
  const rolled = await status();
  expect(rolled.pid).toBe(first.pid);
  expect(rolled.workers.map(({ pid }) => pid)).not.toContain(first.workers[0]?.pid);
  expect((await pkixd('logs', '--lines', '200')).stdout).toMatch(/worker ready/);

  // A plain restart, in fork mode: the old one drains, then the new one starts.
  await pm2('reload', 'pkixd');
  const second = await until(status, ({ state, pid }) => state === 'running' && pid !== first.pid);
  expect(processes(rolled).filter((pid) => alive(pid))).toEqual([]);

  await pm2('stop', 'pkixd');
  expect(processes(second).filter((pid) => alive(pid))).toEqual([]);
  expect(readFileSync(join(directory, 'logs/pkixd.log'), 'utf8')).toMatch(/stopped/);
});

test('a copy that pm2 scale makes of the primary is refused, and the server goes on', async () => {
  await pm2('start', 'ecosystem.config.js');
  const before = await status();
  await pm2('scale', 'pkixd', '2').catch(() => undefined);
  const told = await until(
    () =>
      readdirSync(join(directory, 'pm2/logs')).map((file) =>
        readFileSync(join(directory, 'pm2/logs', file), 'utf8'),
      ),
    (texts) => texts.some((text) => text.includes('another pkixd runs on')),
    60_000,
  );
  expect(told.join('')).toContain('another pkixd runs on');
  const after = await status();
  expect(after).toMatchObject({ state: 'running', pid: before.pid });
  // It is not started again and again.
  const copy = await until(
    async () => (await listed()).find(({ pid }) => pid !== before.pid),
    (found) => found?.pm2_env.status === 'stopped',
    60_000,
  );
  expect(copy?.pm2_env.restart_time).toBe(0);
  await pm2('delete', 'pkixd');
});

test('an installed package keeps its files where pm2 is called, and nothing in the package', async () => {
  const site = join(directory, 'site');
  const modules = join(directory, 'node_modules');
  mkdirSync(site);
  mkdirSync(modules);
  symlinkSync(process.cwd(), join(modules, 'pkixd'));
  const script = "import('./ecosystem.config.js').then(({ apps }) => console.log(JSON.stringify(apps[0])))";
  const ecosystem = join(modules, 'pkixd/ecosystem.config.js');
  const flags = ['--preserve-symlinks', '--input-type=module', '--eval'];
  const { stdout } = await run(
    process.execPath,
    [...flags, script.replace('./ecosystem.config.js', ecosystem)],
    {
      cwd: site,
    },
  );
  expect(JSON.parse(stdout)).toMatchObject({ cwd: site, script: join(modules, 'pkixd/dist/cli/main.js') });
});
