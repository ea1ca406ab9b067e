import { expect, test } from '@jest/globals';
import { BootOutput } from '../../../src/supervisor/fleet/boot-output.js';

const ERROR = [
  'file:///x.js:1',
  'throw new Error("no")',
  '      ^',
  '',
  'Error: no',
  '    at x.js:1:7',
  '',
  'Node.js v20',
];

function outputOf(lines: readonly string[]) {
  const logged: string[] = [];
  const output = new BootOutput((line) => logged.push(line));
  for (const line of lines) output.add(line);
  return { output, logged };
}

test.each([
  [ERROR, 'Error: no'],
  [['Error [ERR_X]: here', 'Node.js v20'], 'Error [ERR_X]: here'],
  [
    ['node: error while loading shared libraries: libz.so.1'],
    'node: error while loading shared libraries: libz.so.1',
  ],
  [['<--- Last few GCs --->', 'FATAL ERROR: no heap', ' 1: 0xb0 node::Abort'], 'FATAL ERROR: no heap'],
  [['something else', 'the last'], 'the last'],
  [['', ' '], undefined],
  [[], undefined],
])('the cause of a death is the line that names it: %j', (lines, cause) => {
  const { output, logged } = outputOf(lines);
  expect(output.cause).toBe(cause);
  expect(logged).toEqual([]);
});

test('of much output the beginning and the end are kept', () => {
  const { output } = outputOf(Array.from({ length: 1000 }, (_, n) => String(n)));
  const lines = output.text.split('\n');
  expect(lines.slice(0, 3)).toEqual(['0', '1', '2']);
  expect(lines.slice(-3)).toEqual(['997', '998', '999']);
  expect(lines).toHaveLength(50);
});

test('what a worker printed that gets ready goes to the log, and all that follows', () => {
  const { output, logged } = outputOf(['a', 'b']);
  output.release();
  output.add('c');
  expect(logged).toEqual(['a', 'b', 'c']);
});

test('the last words are waited for, but not for ever', async () => {
  const { output } = outputOf([]);
  await new Promise<void>((resolve) => output.whenRead(resolve));
  const read = outputOf([]).output;
  let told = 0;
  read.whenRead(() => told++);
  expect(told).toBe(0);
  read.end();
  expect(told).toBe(1);
  read.whenRead(() => told++);
  expect(told).toBe(2);
});
