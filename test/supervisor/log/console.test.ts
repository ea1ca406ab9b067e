import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Console } from '../../../src/supervisor/log/console.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

let directory: string;
let reader: number;
let console: Console;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pkixd-test-'));
  const path = join(directory, 'fifo');
  execFileSync('/usr/bin/mkfifo', [path]);
  reader = openSync(path, O_RDONLY | O_NONBLOCK);
  console = new Console(openSync(path, O_WRONLY | O_NONBLOCK));
});

afterEach(() => {
  console.destroy();
  rmSync(directory, { recursive: true });
});

function readAvailable(): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  try {
    for (let n = readSync(reader, buffer); n > 0; n = readSync(reader, buffer)) {
      text += buffer.toString('utf8', 0, n);
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
  }
  return text;
}

/** Reads as the writer goes on, until this is among it. */
async function readUntil(word: string): Promise<string> {
  let text = '';
  while (!text.includes(word)) {
    text += readAvailable();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return text;
}

test('unread lines neither block nor pile up, and a reader that comes back learns how many were dropped', async () => {
  const line = (n: number): string => `${String(n).padStart(6, '0')} ${'x'.repeat(192)}\n`;
  for (let n = 0; n < 20_000; n++) console.write(line(n));
  expect(console.writableLength).toBe(0);

  const lines = (await readUntil('dropped')).split('\n').slice(0, -1);
  const kept = lines.length - 1;
  expect(kept).toBeGreaterThan(1000);
  expect(lines.slice(0, kept)).toEqual(Array.from({ length: kept }, (_, n) => line(n).trimEnd()));
  expect(lines.at(-1)).toBe(`(${20_000 - kept} lines were dropped: they were not read in time)`);

  console.write('and on\n');
  expect(readAvailable()).toBe('and on\n');
});

test('a reader that goes away closes the console, and later lines are discarded', async () => {
  closeSync(reader);
  console.write('to nobody\n');
  await once(console, 'close');
  console.on('error', (error) => {
    throw error;
  });
  console.write('to nobody either\n');
  await new Promise((resolve) => setImmediate(resolve));
  expect(console.destroyed).toBe(true);
});
