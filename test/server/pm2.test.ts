import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { alive, withoutOptions } from './test-server.js';

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

test('pm2 start waits until the server is ready, and pm2 stop drains it', async () => {
  await pm2('start', 'ecosystem.config.js');
  const status = JSON.parse((await pkixd('status', '--json')).stdout) as {
    pid: number;
    state: string;
    workers: { pid: number; state: string }[];
  };
  expect(status.state).toBe('running');
  expect(status.workers.map(({ state }) => state)).not.toContain('starting');
  await pm2('stop', 'pkixd');
  expect([status.pid, ...status.workers.map(({ pid }) => pid)].filter((pid) => alive(pid))).toEqual([]);
  expect(readFileSync(join(directory, 'logs/pkixd.log'), 'utf8')).toMatch(/stopped/);
}, 90_000);
