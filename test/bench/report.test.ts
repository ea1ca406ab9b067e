import { expect, test } from '@jest/globals';
import { type Goal, report, table } from '../../bench/report.js';

const goal = (side: Goal['side'], value: number): Goal => ({
  what: 'speed',
  value,
  limit: 2,
  side,
  unit: '×',
});

test.each([
  ['at most', 1.9, true],
  ['at most', 2, true],
  ['at most', 2.001, false],
  ['at least', 2, true],
  ['at least', 1.999, false],
] as const)('%s 2: %d is met: %p', (side, value, met) => {
  expect(report('x', { rows: [], goals: [goal(side, value)] }).goals).toMatchObject([{ met, limit: 2 }]);
});

test('a ratio stands beside its reference, and a brief run judges nothing', () => {
  const reference = { name: 'the other', value: 10 };
  const made = report('x', {
    rows: [{ name: 'ours', value: 12.3456, unit: 'µs', reference, ratio: 1.2356 }],
    goals: [goal('at most', 3)],
  });
  const shown = table(made, { brief: false });
  expect(shown).toMatch(/ours\s+12\.35\s+µs\s+the other\s+10\s+1\.24/);
  expect(shown).toContain('MISSED speed');
  expect(table(made, { brief: true })).not.toContain('MISSED');
});
