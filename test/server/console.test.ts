import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { TestServer, withoutOptions } from './test-server.js';
import { until } from '../until.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

test('a server whose output is not read any more goes on serving and drains as usual', async () => {
  server = await TestServer.startPatient({ 'log.level': 'debug' });
  server.process.stdout?.destroy();
  for (let n = 0; n < 20; n++) expect(await server.talk('PING\n')).toBe('PONG\n');
  // This one logs in the primary itself, whose write it is that fails.
  await server.command({ command: 'scale', argument: 1 });
  expect(await server.talk('PING\n')).toBe('PONG\n');
  server.process.kill('SIGTERM');
  expect(await server.exited).toBe('0');
  expect(server.log).toContain('stopped');
});

test('one file for output and errors keeps every line of both', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pkixd-output-'));
  const file = join(folder, 'output');
  const options = [
    '--listen',
    `unix:${join(folder, 's.sock')}`,
    '--workers.count',
    '1',
    '--crl.directory',
    '/none',
  ];
  const script = `"$0" dist/cli/main.js start ${options.join(' ')} --run.directory "$1/run" --log.directory "$1/logs" \
    --data.directory "$1/data" > "$1/output" 2>&1`;
  const shell = spawn(
    'sh',
    [
      '-c',
      `${script} & server=$!; trap 'kill $server' TERM; wait $server; wait $server`,
      process.execPath,
      folder,
    ],
    {
      env: withoutOptions(process.env),
    },
  );
  await until(
    () => (existsSync(file) ? readFileSync(file, 'utf8') : ''),
    (text) => text.includes('listening on'),
  );
  shell.kill('SIGTERM');
  await once(shell, 'exit');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  // The warning goes to standard error, before the log's lines on standard output.
  expect(lines[0]).toMatch(/^pkixd: warning: crl\.directory: "\/none" cannot be read/);
  for (const line of lines.slice(1)) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+ \w+ /);
  expect(lines.at(-1)).toMatch(/stopped$/);
  rmSync(folder, { recursive: true });
});
