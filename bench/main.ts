import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type BenchOptions, type BenchResult, report, table } from './report.js';

/**
 * `npm run --silent bench -- NAME [--json] [--brief]`: runs bench/NAME.ts, compiled,
 * since a loader's transformations would be measured too. Exit code 0: every goal met (or a
 * brief run, which judges nothing); 1: a goal missed; 64: no such benchmark.
 */
interface BenchModule {
  run(options: BenchOptions): Promise<BenchResult>;
}

const HARNESS = new Set(['main', 'report', 'median']);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, brief: { type: 'boolean', default: false } },
});
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -'.js'.length))
  .filter((name) => !HARNESS.has(name));
const name = positionals[0] ?? '';

if (positionals.length === 1 && names.includes(name)) {
  const bench: unknown = await import(new URL(`${name}.js`, import.meta.url).href);
  if (!isBenchModule(bench)) throw new Error(`bench/${name}.ts exports no run()`);
  const made = report(name, await bench.run({ brief: values.brief }));
  console.log(values.json ? JSON.stringify(made, null, 2) : table(made, { brief: values.brief }));
  process.exitCode = values.brief || made.goals.every((goal) => goal.met) ? 0 : 1;
} else {
  console.error(
    `usage: npm run --silent bench -- NAME [--json] [--brief]; NAME is one of: ${names.join(', ')}`,
  );
  process.exitCode = 64;
}

function isBenchModule(module: unknown): module is BenchModule {
  return typeof module === 'object' && module !== null && 'run' in module && typeof module.run === 'function';
}
