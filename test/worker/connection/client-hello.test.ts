import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { awaitHello, helloState } from '../../../src/worker/connection/client-hello.js';

const record = (...content: readonly number[]): number[] => [
  0x16,
  3,
  1,
  content.length >> 8,
  content.length & 0xff,
  ...content,
];
/** A ClientHello's message of so many octets behind its header. */
const message = (length: number): number[] => [
  1,
  length >> 16,
  (length >> 8) & 0xff,
  length & 0xff,
  ...Array.from({ length }, (_, index) => index & 0xff),
];
const whole = record(...message(300));
const inRecords = (octets: readonly number[], most: number): number[] => {
  const records: number[] = [];
  for (let at = 0; at < octets.length; at += most) records.push(...record(...octets.slice(at, at + most)));
  return records;
};

test.each([
  ['one record', whole],
  ['records of 50 octets', inRecords(message(300), 50)],
  ['records of 4 octets', inRecords(message(300), 4)],
  ['a record with more behind it', [...record(...message(20)), 0x14, 3, 3, 0, 1, 1]],
])('a ClientHello in %s is whole with its last octet, and not with any fewer', (_, octets) => {
  const end = octets.length - (octets.at(-6) === 0x14 ? 6 : 0);
  let needed = 0;
  for (let length = 0; length < end; length++) {
    const state = helloState(Uint8Array.from(octets.slice(0, length)));
    // It says how many are needed at least, and never more than are.
    expect(state).toBeGreaterThan(length);
    expect(state).toBeLessThanOrEqual(end);
    expect(state).toBeGreaterThanOrEqual(needed);
    needed = Number(state);
  }
  for (let length = end; length <= octets.length; length++)
    expect(helloState(Uint8Array.from(octets.slice(0, length)))).toBe('whole');
});

test.each([
  ['text', [...Buffer.from('PING\n')]],
  ['another record', [0x15, 3, 1, 0, 2, 1, 0]],
  ['another version', [0x16, 2]],
  ['a ServerHello', record(2, 0, 0, 0)],
  ['an empty record', [0x16, 3, 1, 0, 0]],
  ['a record that is too long', [0x16, 3, 1, 0x40, 1]],
  ['a header in two records', record(1, 0, 0)],
  ['a message that is too long', record(1, 1, 0, 0)],
  ['something else in its midst', [...record(...message(300).slice(0, 20)), 0x17]],
])('%s is not TLS', (_, octets) => {
  expect(helloState(Uint8Array.from(octets))).toBe('not TLS');
});

test('what was looked at is still there to be read', async () => {
  const stream = new PassThrough();
  const states: string[] = [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing but a stream is used
  const heard = new Promise<void>((resolve) => {
    awaitHello(stream as unknown as Socket, (state) => {
      states.push(state);
      resolve();
    });
  });
  for (const octet of whole) stream.write(Buffer.of(octet));
  await heard;
  await new Promise((resolve) => setImmediate(resolve));
  expect(states).toEqual(['whole']);
  expect(stream.read()).toEqual(Buffer.from(whole));
});
