import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { VerdictStatus } from '../../src/wire/verdict.js';
import { type Graph, graphs } from './model/graph.js';
import { makeGraph } from './model/make.js';
import { modelStatus } from './model/rfc5280.js';
import { ask } from './scene.js';

/** 3 ms each. More, once in a while: PKIXD_GRAPHS=20000 */
const RUNS = Number(process.env['PKIXD_GRAPHS'] ?? 800);

type Counts = Record<VerdictStatus, number>;

/** Judges random graphs by model and engine; returns how often the model said what. */
function compare(rivals: boolean, options: { purpose: boolean; revocation: boolean }): Counts {
  const counts: Counts = { valid: 0, invalid: 0, indeterminate: 0 };
  fc.assert(
    fc.property(graphs(rivals), (graph: Graph) => {
      const expected = modelStatus(graph, options);
      counts[expected] += 1;
      const { anchors, certificates, crls } = makeGraph(graph);
      const verdict = ask({ anchors }, certificates, {
        crls,
        revocation: options.revocation ? 'hard' : 'off',
        ...(options.purpose && { purpose: 'serverAuth' }),
      });
      expect(verdict).toMatchObject({ status: expected });
    }),
    { numRuns: RUNS },
  );
  return counts;
}

test('a random graph has a valid path exactly when a literal reading of §6.1 finds one', () => {
  const { valid, invalid } = compare(true, { purpose: true, revocation: false });
  expect(Math.min(valid, invalid)).toBeGreaterThan(20);
});

test('with CRLs the three statuses are those of a literal reading of §6.3', () => {
  const { valid, invalid, indeterminate } = compare(false, { purpose: false, revocation: true });
  expect(Math.min(valid, invalid, indeterminate)).toBeGreaterThan(20);
});
