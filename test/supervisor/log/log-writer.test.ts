import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { LogRecord } from '../../../src/log.js';
import { LogFile } from '../../../src/supervisor/log/log-file.js';
import { LogWriter } from '../../../src/supervisor/log/log-writer.js';

const NEVER = { maxSize: 0, keep: 1 };

let directory: string;
let path: string;
let terminal: PassThrough;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pkixd-'));
  path = join(directory, 'pkixd.log');
  terminal = new PassThrough({ encoding: 'utf8' });
  terminal.resume();
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function record(message: string, fields: LogRecord['fields'] = {}): LogRecord {
  return { time: 0, level: 'warn', message, source: 'worker 3', pid: 42, fields };
}

function lines(file = path): unknown[] {
  const texts = readFileSync(file, 'utf8').trimEnd().split('\n');
  return texts.map((line): unknown => JSON.parse(line));
}

test('each record is one JSON object on one line of the file', async () => {
  const writer = new LogWriter(directory, NEVER, terminal);
  writer.write(record('two\nlines', { serial: 2n ** 70n }));
  await writer.close();
  expect(lines()).toEqual([
    {
      timestamp: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      source: 'worker 3',
      pid: 42,
      message: 'two\nlines',
      fields: { serial: '1180591620717411303424' },
    },
  ]);
});

test('a record is a readable line on the console, which it cannot control', async () => {
  let printed = '';
  terminal.on('data', (text: string) => (printed += text));
  const writer = new LogWriter(directory, NEVER, terminal);
  writer.write(record('a\u001B[2Jb\nc', { n: 1 }));
  await writer.close();
  expect(printed).toBe('1970-01-01T00:00:00.000Z warn worker 3: a [2Jb c {"n":1}\n');
});

test('close loses nothing of what was written before', async () => {
  const writer = new LogWriter(directory, NEVER, terminal);
  for (let n = 0; n < 2000; n++) writer.write(record(`line ${n}`));
  await writer.close();
  expect(lines()).toHaveLength(2000);
  expect(lines().at(-1)).toMatchObject({ message: 'line 1999' });
});

test('a terminal that fails stops neither the writer nor the file', async () => {
  const writer = new LogWriter(directory, NEVER, terminal);
  terminal.destroy(new Error('gone'));
  await new Promise((resolve) => terminal.once('close', resolve));
  for (let n = 0; n < 100; n++) writer.write(record(`line ${n}`));
  await writer.close();
  expect(lines()).toHaveLength(100);
});

test('after a rotation it goes on in a new file', async () => {
  const writer = new LogWriter(directory, NEVER, terminal);
  writer.write(record('before'));
  await fileHas('before');
  renameSync(path, `${path}.1`);
  writer.reopen();
  writer.write(record('after'));
  await writer.close();
  expect(lines(`${path}.1`)).toMatchObject([{ message: 'before' }]);
  expect(lines()).toMatchObject([{ message: 'after' }]);
});

test('a file that would grow past its size is put aside before the line, and no line is lost or cut', async () => {
  const writer = new LogWriter(directory, { maxSize: 20_000, keep: 100 }, terminal);
  for (let n = 0; n < 5000; n++) {
    writer.write(record(`line ${n}`));
    // Now and then the disk catches up, now and then it does not.
    if (n % 700 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.close();
  const files = readdirSync(directory).map((name) => join(directory, name));
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) expect(statSync(file).size).toBeLessThanOrEqual(20_000);
  const ages = Array.from({ length: files.length - 1 }, (_, index) => `${path}.${files.length - 1 - index}`);
  const written = [...ages, path].flatMap((file) => lines(file));
  expect(written).toEqual(
    Array.from({ length: 5000 }, (_, n) => expect.objectContaining({ message: `line ${n}` })),
  );
});

test('only as many older files stay as are to be kept', async () => {
  const writer = new LogWriter(directory, { maxSize: 200, keep: 2 }, terminal);
  for (let n = 0; n < 10; n++) writer.write(record(`line ${n}`));
  await writer.close();
  expect(readdirSync(directory).toSorted()).toEqual(['pkixd.log', 'pkixd.log.1', 'pkixd.log.2']);
  expect(lines()).toMatchObject([{ message: 'line 9' }]);
});

test('lines that could not be written are counted, and told once there is a file again', async () => {
  let now = 0;
  const file = new LogFile(path, { maxSize: 25, keep: 1 }, () => now);
  mkdirSync(`${path}.1`);
  for (const line of ['the first, in the file\n', 'lost\n', 'lost too\n']) file.write(line);
  await new Promise<void>((resolve) => file.write('still lost\n', () => resolve()));
  rmdirSync(`${path}.1`);
  now += 1000;
  file.end('written again\n');
  await once(file, 'finish');
  expect(readFileSync(path, 'utf8')).toMatch(
    /^the first, in the file\n\n\{.*"3 lines of the log were lost: .*EISDIR.*\}\nwritten again\n$/,
  );
});

async function fileHas(text: string): Promise<void> {
  while (!statSync(path, { throwIfNoEntry: false }) || !readFileSync(path, 'utf8').includes(text)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
