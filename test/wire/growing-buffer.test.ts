import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GrowingBuffer } from '../../src/wire/growing-buffer.js';

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), size: fc.nat(3000) }),
  fc.record({ kind: fc.constant('drop' as const), size: fc.nat(3000) }),
  fc.record({ kind: fc.constantFrom('clear' as const, 'take' as const), size: fc.constant(0) }),
);

test('it holds what was added and not dropped, in at most twice the memory', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limit = 20_000;
      const buffer = new GrowingBuffer(limit);
      let model = Buffer.alloc(0);
      let last = 0;
      for (const { kind, size } of steps) {
        if (kind === 'add' && model.length + size <= limit) {
          const piece = Buffer.alloc(size, last++ % 251);
          buffer.add(piece);
          model = Buffer.concat([model, piece]);
        } else if (kind === 'drop') {
          buffer.drop(size);
          model = model.subarray(size);
        } else if (kind === 'take') {
          expect(buffer.take().equals(model)).toBe(true);
          model = Buffer.alloc(0);
        } else if (kind === 'clear') {
          buffer.clear();
          model = Buffer.alloc(0);
        }
        expect(buffer.bytes.equals(model)).toBe(true);
        if (model.length === 0) expect(buffer.held).toBe(0);
        expect(buffer.held).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test('pieces of one octet take no more memory than one piece', () => {
  const length = 100_000;
  const buffer = new GrowingBuffer(1 << 20);
  for (let n = 0; n < length; n++) buffer.add(Buffer.of(n & 0xff));
  expect(buffer.length).toBe(length);
  expect(buffer.held).toBeLessThan(2 * length);
});

test('its limit bounds what is set aside', () => {
  const buffer = new GrowingBuffer(1000);
  for (let n = 0; n < 1000; n++) buffer.add(Buffer.of(1));
  expect(buffer.held).toBe(1000);
});
