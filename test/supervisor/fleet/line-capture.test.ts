import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { captureLines } from '../../../src/supervisor/fleet/line-capture.js';

async function captured(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  captureLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, 'close');
  return lines;
}

test('lines are whole however the text is cut, characters too, and the last needs no newline', async () => {
  const text = Buffer.from('größe\n\nzwei\ndrei');
  expect(await captured([...text].map((byte) => Buffer.of(byte)))).toEqual(['größe', 'zwei', 'drei']);
});

test('a line without end is cut', async () => {
  const [line, ...more] = await captured(Array.from({ length: 300 }, () => 'x'.repeat(1000)));
  expect(line).toHaveLength(4097);
  expect(line?.endsWith('…')).toBe(true);
  expect(more).toEqual([]);
});

test('a flood is reduced to its number', async () => {
  const lines = await captured(['line\n'.repeat(10_000)]);
  expect(lines).toHaveLength(201);
  expect(lines.at(-1)).toBe('(9800 lines more were dropped)');
});
