import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatLogLine } from '../../../src/cli/server/log-line.js';
import { follow, lastLines } from '../../../src/cli/server/tail.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-logs-'));
  file = join(folder, 'pkixd.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const record = (level: string, source: string): string =>
  JSON.stringify({
    timestamp: '2026-01-01T00:00:00.000Z',
    level,
    source,
    pid: 1,
    message: 'm',
    fields: { a: 1, b: 'x' },
  });

test('a record becomes one readable line with its fields', () => {
  expect(formatLogLine(record('warn', 'worker 3'), { level: 'debug' })).toBe(
    '2026-01-01T00:00:00.000Z warn    worker 3  m a=1 b=x',
  );
});

test('a level passes itself and what is more urgent; a worker passes alone', () => {
  const levels = ['error', 'warn', 'info', 'verbose'].map((l) =>
    formatLogLine(record(l, 'primary'), { level: 'warn' }),
  );
  expect(levels.map((line) => line !== undefined)).toEqual([true, true, false, false]);
  const workers = ['primary', 'worker 1', 'worker 11'].map((s) =>
    formatLogLine(record('info', s), { level: 'debug', worker: 1 }),
  );
  expect(workers.map((line) => line !== undefined)).toEqual([false, true, false]);
});

test('control characters of a record never reach the terminal, and what is no record passes as it is', () => {
  const line = JSON.stringify({ level: 'info', message: 'a\u001b[2Jb', fields: {} });
  expect(formatLogLine(line, { level: 'debug' })).not.toMatch(/\p{Cc}/u);
  expect(formatLogLine('cut off {"lev', { level: 'debug' })).toBe('cut off {"lev');
});

test('the last lines are those that pass the filter', async () => {
  const lines = Array.from({ length: 1000 }, (_, n) => String(n));
  writeFileSync(file, `${lines.join('\n')}\n`);
  const size = lines.join('\n').length + 1;
  const even = (line: string): string | undefined => (Number(line) % 2 === 0 ? line : undefined);
  expect(await lastLines(file, size, 3, even)).toEqual(['994', '996', '998']);
  expect(await lastLines(file, size, 0, even)).toEqual([]);
});

test('following survives cutting, replacement and absence of the file, and never splits a line', async () => {
  const ended = new AbortController();
  const lines = follow(file, 0, ended.signal);
  const next = async (): Promise<unknown> => (await lines.next()).value;
  try {
    writeFileSync(file, 'first\nsec');
    expect(await next()).toBe('first');
    appendFileSync(file, 'ond ä\n');
    expect(await next()).toBe('second ä');
    truncateSync(file, 0);
    const afterCut = next();
    appendFileSync(file, 'cut\n');
    expect(await afterCut).toBe('cut');
    appendFileSync(file, 'last of the old\n');
    renameSync(file, `${file}.1`);
    writeFileSync(file, 'first of the new\n');
    expect([await next(), await next()]).toEqual(['last of the old', 'first of the new']);
  } finally {
    ended.abort();
    await lines.return(undefined);
  }
});
