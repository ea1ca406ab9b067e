import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { collectGarbage } from '../../src/thread/collect-garbage.js';
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

test('a frame in pieces of one octet keeps nothing of what they were read with', async () => {
  const reader = new FrameReader();
  const framed = frame(Buffer.alloc(5000, 7));
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  const read: Buffer[] = [];
  for (const octet of framed.subarray(0, -1))
    read.push(...reader.push(Buffer.alloc(4096, octet).subarray(0, 1)));
  const kept = (): number => process.memoryUsage().arrayBuffers - before;
  // The system's own time to free them counts for nothing.
  for (let looks = 0; looks < 400 && kept() > 2_000_000; looks++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // With a view of each it would stay at 20 MB.
  expect(kept()).toBeLessThan(2_000_000);
  expect([...read, ...reader.push(framed.subarray(-1))]).toEqual([framed.subarray(4)]);
});
