import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { watch } from '../../../src/cli/server/watch.js';
import { PkixdError } from '../../../src/errors.js';

/** What is printed by the time that `show` was called this often. */
async function printed(times: number, show: (turn: number) => string, isTTY = false): Promise<string> {
  const out = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY });
  const ended = new AbortController();
  let turn = 0;
  let text = '';
  out.on('data', (chunk: string) => (text += chunk));
  const context = { env: {}, cwd: '/', out, err: new PassThrough() };
  const next = async (): Promise<string> => {
    turn += 1;
    if (turn === times) ended.abort();
    return show(turn);
  };
  await watch(context, 1, next, ended.signal);
  return text;
}

test('it shows the same thing anew until it is ended', async () => {
  expect(await printed(3, (turn) => `turn ${turn}`)).toBe('turn 1\nturn 2\nturn 3\n');
});

test('a server that is away for a moment is told of, and the watch goes on', async () => {
  const text = await printed(3, (turn) => {
    if (turn === 2) throw new PkixdError('NOT_LISTENING', 'no server runs here');
    return `turn ${turn}`;
  });
  expect(text).toBe('turn 1\nno server runs here\nturn 3\n');
});

test('a defect of our own ends it', async () => {
  await expect(
    printed(3, () => {
      throw new TypeError('a bug');
    }),
  ).rejects.toThrow('a bug');
});

test('on a terminal each takes the place of the one before', async () => {
  expect(await printed(2, (turn) => `${turn}`, true)).toBe('\u001B[H\u001B[2J1\n\u001B[H\u001B[2J2\n');
});

test('it ends when its output is closed', async () => {
  const out = new PassThrough();
  const context = { env: {}, cwd: '/', out, err: new PassThrough() };
  const watching = watch(context, 60_000, async () => 'once');
  out.emit('error', new Error('EPIPE'));
  await watching;
});
