import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OPTIONS } from '../../src/config/option-table.js';
import { cli } from './captured.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('--help names every command and the exit codes; --version is the release', async () => {
  const { code, out } = await cli(folder, '--help');
  expect(code).toBe(0);
  for (const command of ['start', 'verify', 'status', 'scale', 'restart', 'stop', 'dump', 'logs']) {
    expect(out).toContain(`pkixd ${command}`);
  }
  expect(out).toMatch(/0 valid, 1 invalid, 2 indeterminate/);
  expect(await cli(folder, '--version')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});

test('start --help lists every option of the table with what it takes', async () => {
  const { out } = await cli(folder, 'start', '--help');
  for (const key of Object.keys(OPTIONS)) expect(out).toContain(`--${key}`);
});

test.each([
  [[], /name a command/],
  [['strat'], /Did you mean start/],
  [['status', '--jsno'], /jsno/],
  [['scale'], /an argument is missing/],
  [['verify', 'x', '--untrusted'], /Not enough arguments following: untrusted/],
  [['start', '--workers.count'], /Not enough arguments following: workers.count/],
  [['scale', 'two'], /"two" is not a number of workers: a whole number from 1 to 256/],
  [['scale', '257'], /from 1 to 256/],
  [['scale', '1.5'], /from 1 to 256/],
  [['restart', '0'], /from 1 on/],
  [['verify', 'x', '--at', 'noon', '--local'], /"noon" is not an instant/],
  [['verify', 'x', '--revocation', 'none'], /hard.*grace.*soft.*off/s],
  [['verify', 'x', '--local', '--connect', 'tcp://a:1'], /mutually exclusive/],
  [['verify', 'x', '--connect', 'a:1'], /"a:1" is not an address/],
  [['logs', '-n', 'all'], /--lines "all" is not a whole number/],
])('%j is a usage error of one line', async (words, message) => {
  const { code, out, err } = await cli(folder, ...words);
  expect([code, out]).toEqual([64, '']);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/\n +at /);
});

test.each(['status', 'stop'])(
  '%s without a server ends with 69 and says how to start one',
  async (command) => {
    const { code, err } = await cli(folder, command);
    expect(code).toBe(69);
    expect(err).toMatch(/no server runs here .*control\.sock.*pkixd start/);
  },
);

test('logs without a log ends with 66 and names the file', async () => {
  expect(await cli(folder, 'logs')).toMatchObject({
    code: 66,
    err: expect.stringMatching(/no log at .*pkixd\.log/),
  });
});

test('start --check says what the configuration means and starts nothing', async () => {
  const { code, out } = await cli(
    folder,
    'start',
    '--check',
    '--listen',
    'unix:a.sock',
    '--log.level',
    'warn',
  );
  expect(code).toBe(0);
  expect(out).toMatch(/configuration OK/);
  expect(out).toContain(`unix:${join(folder, 'a.sock')}, line, permits profiles, crls`);
});

test('a wrong configuration ends with 78 and every problem, a missing file with 66', async () => {
  const wrong = await cli(folder, 'start', '--check', '--queue.max', '0', '--log.level', 'loud');
  expect(wrong.code).toBe(78);
  expect(wrong.err).toMatch(/2 problems:\n {2}queue\.max: .*\n {2}log\.level: /);
  expect(await cli(folder, 'start', '--config', 'none.yaml')).toMatchObject({ code: 66 });
});

test('start fails at once, and says where, when trust anchors cannot be had', async () => {
  writeFileSync(join(folder, 'text.pem'), 'no certificate');
  const words = [
    'start',
    '--log.directory',
    join(folder, 'logs'),
    '--trust.anchors',
    'none.pem',
    '--trust.anchors',
    'text.pem',
  ];
  for (const more of [[], ['--check']]) {
    const { code, err } = await cli(folder, ...words, ...more);
    expect(code).toBe(78);
    expect(err).toMatch(/trust\.anchors: trust anchors of .*\/none\.pem: .*ENOENT/);
    expect(err).toMatch(/trust\.anchors: trust anchors of .*\/text\.pem: .*neither PEM .* nor DER/);
  }
});

test('trust anchors are files or folders; a FIFO is not waited for', async () => {
  execFileSync('/usr/bin/mkfifo', [join(folder, 'fifo')]);
  const { code, err } = await cli(folder, 'start', '--check', '--trust.anchors', 'fifo');
  expect(code).toBe(78);
  expect(err).toMatch(/fifo: it is neither a file nor a folder/);
});

test('a folder of CRLs that is not there is a warning', async () => {
  const { code, err } = await cli(folder, 'start', '--check', '--crl.directory', 'none');
  expect(code).toBe(0);
  expect(err).toMatch(/warning: crl\.directory: ".*\/none" cannot be read, and no CRL will be found/);
});
