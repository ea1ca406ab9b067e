import { expect, test } from '@jest/globals';
import { checkDivergences, type Divergence } from '../../conformance/divergences.js';
import { runSuite } from '../../conformance/run-suite.js';
import { createChain } from '../verify/scene.js';

const { root, intermediate, leaf } = createChain();
const base64 = (bytes: Buffer): string => bytes.toString('base64');
const good = {
  id: 'good',
  time: null,
  trustAnchors: [base64(root.der)],
  intermediates: [base64(intermediate.der)],
  leaf: base64(leaf.der),
  crls: [],
  expected: 'valid',
  params: {},
} as const;
const suite = {
  name: 'made-up',
  digest: '',
  cases: [good, { ...good, id: 'wrong', expected: 'invalid' } as const],
};
const listed = (id: string): Divergence => ({
  suite: 'made-up',
  id,
  section: 'RFC 5280 §6.1',
  why: 'so it is',
});

const talliesWith = (...divergences: readonly Divergence[]): object =>
  Object.fromEntries(runSuite(suite, divergences).cases.map(({ id, tally }) => [id, tally]));

test('a listed case that is decided otherwise is a divergence', () => {
  expect(talliesWith(listed('wrong'))).toEqual({ good: 'passed', wrong: 'divergence' });
});

test('a listed case that passes is a failure, and one that is not present is nothing', () => {
  expect(talliesWith(listed('good'), listed('absent'))).toEqual({ good: 'failed', wrong: 'failed' });
  expect(talliesWith({ ...listed('good'), suite: 'another' })).toEqual({ good: 'passed', wrong: 'failed' });
});

test('an entry without a section, or listed twice, is refused', () => {
  expect(checkDivergences([listed('a'), listed('b')])).toHaveLength(2);
  expect(() => checkDivergences([{ ...listed('a'), section: 'common sense' }])).toThrow(
    'needs suite, id, section',
  );
  expect(() => checkDivergences([{ ...listed('a'), why: '' }])).toThrow('needs suite, id, section');
  expect(() => checkDivergences([listed('a'), listed('a')])).toThrow('listed twice');
});
