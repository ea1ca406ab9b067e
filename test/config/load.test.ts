import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig, type ConfigSources } from '../../src/config/load.js';
import { ConfigError, ConfigFileError } from '../../src/config/problems.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pkixd-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ env: {}, cwd, ...sources });

function file(content: string, name = 'pkixd.config.yaml'): string {
  const path = join(cwd, name);
  writeFileSync(path, content);
  return path;
}

function problems(sources: Partial<ConfigSources> = {}): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('without any source the listeners are UNIX sockets and TCP on loopback, permitting profiles and CRLs', () => {
  const { listeners } = load();
  expect(listeners.map(({ address }) => address)).toEqual([
    { kind: 'unix', path: join(cwd, 'run/pkixd.sock') },
    { kind: 'tcp', host: '127.0.0.1', port: 15_280 },
    { kind: 'unix', path: join(cwd, 'run/pkixd-msgpack.sock') },
  ]);
  expect(listeners.map(({ protocol }) => protocol)).toEqual(['line', 'line', 'msgpack']);
  expect(listeners.map(({ permits }) => permits)).toEqual([
    ['profiles', 'crls'],
    ['profiles', 'crls'],
    ['profiles', 'crls'],
  ]);
});

test('flags go over variables, variables over the file, the file over defaults', () => {
  file('workers: { count: 2 }\nqueue.max: 5\nthreads:\n  count: 3\n');
  const env = { PKIXD_WORKERS_COUNT: '7', PKIXD_QUEUE_MAX: '6' };
  const config = load({ env, flags: { 'workers.count': '9' } });
  expect([
    config['workers.count'],
    config['queue.max'],
    config['threads.count'],
    config['threads.batch'],
  ]).toEqual([9, 6, 3, 32]);
});

test('a variable has the words of a camel-case option apart', () => {
  expect(load({ env: { PKIXD_CONNECTION_IDLE_TIMEOUT: '90s' } })['connection.idleTimeout']).toBe(90_000);
});

test('a JSON file is read like a YAML one, and both at once are refused', () => {
  file('{"workers": {"count": 3}}', 'pkixd.config.json');
  expect(load()['workers.count']).toBe(3);
  file('workers: { count: 4 }');
  expect(() => load()).toThrow(ConfigFileError);
});

test('a named file must exist; PKIXD_CONFIG names one too', () => {
  expect(() => load({ file: 'nowhere.yaml' })).toThrow(/nowhere\.yaml does not exist/);
  const path = file('workers.count: 5', 'other.yaml');
  expect(load({ env: { PKIXD_CONFIG: path } })['workers.count']).toBe(5);
});

test('every problem is listed at once, with key, value, limits and origin', () => {
  file('workers: { count: many }\nlog: { level: loud }\n');
  const found = problems({ env: { PKIXD_QUEUE_MAX: '0' }, flags: { 'drain.timeout': '2 weeks' } });
  expect(found).toHaveLength(4);
  expect(found.join('\n')).toMatch(/workers\.count: "many" \(from pkixd\.config\.yaml\).*1 to 256 processes/);
  expect(found.join('\n')).toMatch(/log\.level: "loud".*none of error, warn/);
  expect(found.join('\n')).toMatch(/queue\.max: "0" \(from PKIXD_QUEUE_MAX\) is out of range/);
  expect(found.join('\n')).toMatch(/drain\.timeout: "2 weeks" \(from --drain\.timeout\) is not a duration/);
});

test('an unknown key is an error that names the likely one', () => {
  file('worker: { count: 2 }\n');
  expect(problems()).toEqual([
    expect.stringMatching(/worker\.count: there is no such option \(did you mean workers\.count/),
  ]);
});

test('a mistyped variable is an error, a foreign PKIXD_ variable only a warning', () => {
  expect(problems({ env: { PKIXD_WORKER_COUNT: '2' } })).toEqual([
    expect.stringMatching(/PKIXD_WORKERS_COUNT/),
  ]);
  const warnings: string[] = [];
  load({ env: { PKIXD_SERVICE_HOST: '10.0.0.1' }, warn: (message) => warnings.push(message) });
  expect(warnings).toEqual([expect.stringMatching(/PKIXD_SERVICE_HOST.*ignored/)]);
});

test('a key given twice in the file is an error with its line', () => {
  file('workers: { count: 1 }\nworkers: { count: 2 }\n');
  expect(problems()).toEqual([expect.stringMatching(/pkixd\.config\.yaml: .*unique.*line 2/s)]);
});

test('paths in the file and defaults count from its folder, variables and flags from the working directory', () => {
  const path = file('crl.directory: crls\ntrust.anchors: [root.pem, node]\n');
  const config = loadConfig({ file: path, env: { PKIXD_LOG_DIRECTORY: 'l' }, cwd: '/' });
  expect([config['crl.directory'], config['log.directory'], config['run.directory']]).toEqual([
    join(cwd, 'crls'),
    '/l',
    join(cwd, 'run'),
  ]);
  expect(config['trust.anchors']).toEqual([join(cwd, 'root.pem'), 'node']);
});

test('--listen replaces the listeners of the file', () => {
  file('listeners: [tcp://127.0.0.1:1]\n');
  const { listeners } = load({ flags: { listen: ['tcp://127.0.0.1:0', 'unix:a.sock'] } });
  expect(listeners.map(({ name }) => name)).toEqual(['tcp://127.0.0.1:0', `unix:${join(cwd, 'a.sock')}`]);
});

test('a configuration is frozen to its leaves', () => {
  const config = load();
  expect(Object.isFrozen(config) && Object.isFrozen(config.listeners[0]?.address)).toBe(true);
  expect(Object.isFrozen(config.profiles['webpki']?.anchors)).toBe(true);
});

test('the same option in both spellings of the file is an error, not a choice', () => {
  file('workers.count: 1\nworkers: { count: 2 }\n');
  expect(problems()).toEqual(['workers.count: stands twice in pkixd.config.yaml; keep one']);
});

test.each([
  ['a map that holds itself', 'workers: &a { b: *a }\n', /there is no such option/],
  ['a list that holds itself', 'queue.max: &a [*a]\n', /queue\.max: .*is not a whole number/],
  ['listeners that hold themselves', 'listeners: &a [*a]\n', /listeners\[0\]\.address: has no address/],
  ['profiles that hold themselves', 'profiles: &a { x: *a }\n', /profiles\.x/],
  [
    'aliases without end',
    `a: &a [${'x,'.repeat(9)}]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`,
    /alias/,
  ],
  [
    'infinity',
    'queue.max: .inf\n',
    /queue\.max: Infinity \(from pkixd\.config\.yaml\) is not a whole number/,
  ],
])('%s in the file is a problem like any other', (_, text, message) => {
  file(text);
  expect(problems().join('\n')).toMatch(message);
});
