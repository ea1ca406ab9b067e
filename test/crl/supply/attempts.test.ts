import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Attempts } from '../../../src/crl/supply/attempts.js';

test('no more addresses are asked than allowed, in any order of asking, and the first of each want while any is left', () => {
  const wants = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.nat(40), wants, fc.infiniteStream(fc.nat(7)), (most, addresses, order) => {
      const attempts = new Attempts(most, addresses);
      const paid = addresses.map(() => 0);
      for (const [index] of addresses.entries()) if (attempts.pay(index)) paid[index]! += 1;
      expect(paid).toEqual(addresses.map((_, index) => (index < most ? 1 : 0)));
      for (let turn = 0; turn < 100; turn++) {
        const want = Number(order.next().value) % addresses.length;
        if (paid[want]! < addresses[want]! && attempts.pay(want)) paid[want]! += 1;
      }
      expect(attempts.made).toBe(paid.reduce((a, b) => a + b));
      expect(attempts.made).toBeLessThanOrEqual(most);
    }),
  );
});

test('many addresses below do not use up those of a CA above', () => {
  const attempts = new Attempts(10, [4, 100]);
  expect([attempts.pay(0), attempts.pay(1)]).toEqual([true, true]);
  let below = 0;
  while (attempts.pay(1)) below++;
  expect(below).toBe(5);
  for (let n = 0; n < 3; n++) expect(attempts.pay(0)).toBe(true);
  expect(attempts.pay(0)).toBe(false);
});

test('what a CA above did not need is for those below', () => {
  const attempts = new Attempts(10, [4, 100]);
  attempts.pay(0);
  attempts.end(0);
  let below = 0;
  while (attempts.pay(1)) below++;
  expect(below).toBe(9);
});
