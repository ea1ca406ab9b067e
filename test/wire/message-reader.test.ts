import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeMessage, HEADER } from '../../src/wire/message.js';
import { MessageReader, type ReadMessage } from '../../src/wire/message-reader.js';

const LIMIT = 200_000;

function reader(): MessageReader {
  return new MessageReader((type) => (type === 1 ? LIMIT : type === 2 ? 0 : undefined));
}

function all(from: MessageReader): ReadMessage[] {
  const read: ReadMessage[] = [];
  for (let next = from.next(); next; next = from.next()) read.push(next);
  return read;
}

const shown = (read: readonly ReadMessage[]): unknown[] =>
  read.map((message) =>
    message.kind === 'message' ? [message.id, message.time, message.body.toString('latin1')] : message,
  );

test.each([
  ['short', 60, 40],
  ['long', 150_000, 70_000],
])('%s messages come out whole, in order, wherever the bytes were cut', (_, longest, piece) => {
  const body = fc.nat({ max: longest }).map((size) => Buffer.alloc(size, size));
  const message = fc.record({ id: fc.nat({ max: 0xffff_ffff }), time: fc.nat({ max: 0xffff_ffff }), body });
  const cuts = fc.array(fc.integer({ min: Math.ceil(piece / 500), max: piece }), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), cuts, (messages, sizes) => {
      const bytes = Buffer.concat(messages.map(({ id, time, body: b }) => encodeMessage(1, id, time, b)));
      const from = reader();
      const read: ReadMessage[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        from.push(Buffer.from(bytes.subarray(at, at + size)));
        read.push(...all(from));
        at += size;
      }
      expect(shown(read)).toEqual(messages.map(({ id, time, body: b }) => [id, time, b.toString('latin1')]));
      expect(from.midMessage).toBe(false);
      expect(from.held).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('a message is read byte by byte as it is in one piece', () => {
  const from = reader();
  const read: ReadMessage[] = [];
  for (const byte of Buffer.concat([encodeMessage(1, 7, 9, Buffer.from('abc')), encodeMessage(2, 8, 0)])) {
    from.push(Buffer.from([byte]));
    read.push(...all(from));
  }
  expect(shown(read)).toEqual([
    [7, 9, 'abc'],
    [8, 0, ''],
  ]);
});

test('asked for one at a time, it keeps the others, also when more is pushed meanwhile', () => {
  const from = reader();
  from.push(Buffer.concat([encodeMessage(2, 1, 0), encodeMessage(2, 2, 0)]));
  expect(shown([from.next() as ReadMessage])).toEqual([[1, 0, '']]);
  from.push(encodeMessage(2, 3, 0));
  expect(shown(all(from))).toEqual([
    [2, 0, ''],
    [3, 0, ''],
  ]);
});

test.each([7, 16, 100, 70_000])(
  'a body beyond its limit is told once and dropped, in pieces of %i',
  (size) => {
    const from = reader();
    const bytes = Buffer.concat([encodeMessage(1, 5, 0, Buffer.alloc(LIMIT + 1)), encodeMessage(2, 6, 0)]);
    const read: ReadMessage[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      from.push(bytes.subarray(at, at + size));
      read.push(...all(from));
      expect(from.held).toBeLessThanOrEqual(HEADER);
    }
    expect(shown(read)).toEqual([{ kind: 'tooLarge', id: 5, limit: LIMIT }, [6, 0, '']]);
  },
);

test('what is announced is not set aside before it comes', () => {
  const from = new MessageReader(() => 0xffff_ffff);
  const header = encodeMessage(1, 1, 0);
  header.writeUInt32BE(0xffff_ffff, 0);
  from.push(header);
  expect(all(from)).toEqual([]);
  expect(from.held).toBeLessThanOrEqual(64 * 1024);
  from.push(Buffer.alloc(1024 * 1024));
  expect(all(from)).toEqual([]);
  expect(from.held).toBeLessThanOrEqual(4 * 1024 * 1024);
});

test.each([
  ['a length below the header', Buffer.from('0000000b010000000000000000000000', 'hex')],
  ['a byte that must be zero', Buffer.from('0000000c010000010000000000000000', 'hex')],
  ['an unknown type', Buffer.from('0000000c090000000000000000000000', 'hex')],
  ['a request of another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
])('%s is broken, at once, and nothing is read behind it', (_, bytes) => {
  for (const cut of [1, bytes.length]) {
    const from = reader();
    const read: ReadMessage[] = [];
    for (let at = 0; at < bytes.length; at += cut) {
      from.push(bytes.subarray(at, at + cut));
      read.push(...all(from));
    }
    from.push(encodeMessage(2, 1, 0));
    read.push(...all(from));
    expect(read).toEqual([{ kind: 'broken', why: expect.any(String) }]);
  }
});

test('what is given up is named, and the rest of it dropped', () => {
  const from = reader();
  const message = encodeMessage(1, 77, 0, Buffer.alloc(1000));
  from.push(message.subarray(0, 500));
  expect(all(from)).toEqual([]);
  expect(from.giveUp()).toBe(77);
  expect(from.held).toBe(0);
  expect(from.midMessage).toBe(true);
  from.push(Buffer.concat([message.subarray(500), encodeMessage(2, 78, 0)]));
  expect(shown(all(from))).toEqual([[78, 0, '']]);
});
