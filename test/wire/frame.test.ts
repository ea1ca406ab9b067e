import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { frame, FrameReader, FrameTooLargeError } from '../../src/wire/frame.js';

test('frames come out whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map((body) => frame(body)));
        const reader = new FrameReader();
        const read: Buffer[] = [];
        for (let at = 0, n = 0; at < stream.length; n++) {
          const size = cuts[n % cuts.length] ?? 1;
          read.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(read.map((body) => body.toString('hex'))).toEqual(
          bodies.map((body) => Buffer.from(body).toString('hex')),
        );
      },
    ),
  );
});

test('a length beyond the limit throws before its body arrives', () => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(101);
  expect(() => new FrameReader(100).push(header)).toThrow(FrameTooLargeError);
  header.writeUInt32BE(100);
  expect(new FrameReader(100).push(header)).toEqual([]);
});
