import { expect, test } from '@jest/globals';
import { fuzz } from '../../fuzz/fuzz.js';
import { CORPORA, createSeeds } from '../../fuzz/seeds.js';
import { TARGETS } from '../../fuzz/targets.js';

/** Inputs for each target: some 3 s on two busy cores; `npm run --silent fuzz -- --seconds N` goes on for longer. */
const INPUTS_EACH = 110;

test('no mutated certificate, CRL, PEM or message, alone or in a chain and signed anew, does more than be refused', () => {
  const seed = Date.now() % 2 ** 32;
  const { counts, crashes } = fuzz({
    seed,
    seeds: createSeeds(CORPORA),
    isOver: (inputs) => inputs >= INPUTS_EACH * TARGETS.length,
  });
  expect({ seed, crashes }).toEqual({ seed, crashes: [] });
  expect(counts.size).toBe(TARGETS.length);
  for (const { inputs } of counts.values()) expect(inputs).toBe(INPUTS_EACH);
});

test('the same seed makes the same inputs', () => {
  const seeds = createSeeds('/nowhere');
  const taken = (seed: number): unknown[] => {
    const { counts } = fuzz({ seed, seeds, isOver: (inputs) => inputs >= 400 });
    return [...counts].map(([target, count]) => [target, count.taken]);
  };
  expect(taken(1)).toEqual(taken(1));
  expect(taken(1)).not.toEqual(taken(2));
});
