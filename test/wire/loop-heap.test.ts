import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { LOOP_HEAP } from '../../src/wire/loop-heap.js';

/** Prints the full collections that 40 MB of garbage in the old generation cost. */
const COUNT = `
const { PerformanceObserver, constants } = require('node:perf_hooks');
// Before the first one the old generation has no limit to speak of.
gc();
let full = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) full++;
}).observe({ entryTypes: ['gc'] });
let kept = [];
let turns = 0;
const turn = () => {
  // Long enough to become old.
  if (kept.length === 40) kept = [];
  kept.push(Array.from({ length: 4000 }, (_, n) => ({ n })));
  if (++turns < 300) setImmediate(turn);
  else setTimeout(() => console.log(full), 100);
};
turn();`;

const IN_THREAD = `
require(${JSON.stringify(join(process.cwd(), 'dist/wire/loop-heap.js'))}).spareThreads();
new (require('node:worker_threads').Worker)(${JSON.stringify(COUNT)}, { eval: true });`;

const run = (script: string, flags: readonly string[]): number =>
  Number(execFileSync(process.execPath, [...flags, '--expose-gc', '-e', script], { encoding: 'utf8' }));

test('an event loop with the flags has no full collection while its heap is small', () => {
  expect(run(COUNT, [])).toBeGreaterThan(0);
  expect(run(COUNT, LOOP_HEAP)).toBe(0);
});

test('threads of its process are collected as ever', () => {
  expect(run(IN_THREAD, LOOP_HEAP)).toBeGreaterThan(0);
});
