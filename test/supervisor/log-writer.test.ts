import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { LogRecord } from '../../src/log.js';
import { LogWriter } from '../../src/supervisor/log-writer.js';

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
  const writer = new LogWriter(directory, terminal);
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
  const writer = new LogWriter(directory, terminal);
  writer.write(record('a\u001B[2Jb\nc', { n: 1 }));
  await writer.close();
  expect(printed).toBe('1970-01-01T00:00:00.000Z warn worker 3: a [2Jb c {"n":1}\n');
});

test('close loses nothing of what was written before', async () => {
  const writer = new LogWriter(directory, terminal);
  for (let n = 0; n < 2000; n += 1) writer.write(record(`line ${n}`));
  await writer.close();
  expect(lines()).toHaveLength(2000);
  expect(lines().at(-1)).toMatchObject({ message: 'line 1999' });
});

test('a terminal that fails stops neither the writer nor the file', async () => {
  const writer = new LogWriter(directory, terminal);
  terminal.destroy(new Error('gone'));
  await new Promise((resolve) => terminal.once('close', resolve));
  for (let n = 0; n < 100; n += 1) writer.write(record(`line ${n}`));
  await writer.close();
  expect(lines()).toHaveLength(100);
});

test('after a rotation it goes on in a new file', async () => {
  const writer = new LogWriter(directory, terminal);
  writer.write(record('before'));
  await fileHas('before');
  renameSync(path, `${path}.1`);
  writer.reopen();
  writer.write(record('after'));
  await writer.close();
  expect(lines(`${path}.1`)).toMatchObject([{ message: 'before' }]);
  expect(lines()).toMatchObject([{ message: 'after' }]);
});

async function fileHas(text: string): Promise<void> {
  while (!statSync(path, { throwIfNoEntry: false }) || !readFileSync(path, 'utf8').includes(text)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
