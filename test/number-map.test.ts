import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NumberMap } from '../src/number-map.js';

test('it holds what a Map would, whatever comes and goes', () => {
  const key = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }));
  const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), key, fc.nat());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const map = new NumberMap<number>();
      const model = new Map<number, number>();
      for (const [what, at, value] of steps) {
        if (what === 'set') {
          map.set(at, value);
          model.set(at | 0, value);
        } else {
          map.delete(at);
          model.delete(at | 0);
        }
        expect(map.size).toBe(model.size);
        for (const [known, held] of model) expect(map.get(known)).toBe(held);
        expect(map.has(at)).toBe(model.has(at | 0));
      }
    }),
  );
});

test('an id of 32 bits without a sign is the number that its bits are with one', () => {
  const map = new NumberMap<string>();
  map.set(0xff_ff_ff_ff, 'highest');
  expect(map.get(-1)).toBe('highest');
  expect(map.get(0xff_ff_ff_ff)).toBe('highest');
  expect(map.get(0)).toBeUndefined();
});
