import type { Issued } from '../test/pki/pki.js';
import { createChain } from './engine-parts/chain.js';
import { bare, type Contender, pkixd } from './engine-parts/contender.js';
import { rivals } from './engine-parts/rivals.js';
import { median } from './median.js';
import type { BenchOptions, BenchResult, Goal, Row } from './report.js';

/**
 * What one verdict costs over the one signature check that cannot be spared, and what others need for (part of) the
 * same work. Warm: each iteration checks another leaf under a root and an intermediate known from earlier. Cold: each
 * iteration starts from bytes alone, and so does the reference, which has to import its key first. All contenders
 * take turns in short rounds, and the medians of the rounds and of their ratios count.
 */
const WARM_LIMIT = 1.5;
const COLD_LIMIT = 3;

type Temperature = 'warm' | 'cold';

interface Measured {
  readonly name: string;
  /** µs, the median of the rounds. */
  readonly value: number;
  /** ÷ the bare check of the same round; the median of the rounds. */
  readonly ratio: number;
}

export async function run(options: BenchOptions): Promise<BenchResult> {
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const [type, kind] of [
    ['rsa-2048', 'RSA-2048'],
    ['p-256', 'P-256'],
  ] as const) {
    const chain = createChain(type, options.brief ? 50 : 400);
    const contenders = [bare(chain), pkixd(chain, 'off'), pkixd(chain, 'hard'), ...rivals(chain)];
    for (const temperature of ['warm', 'cold'] as const) {
      const measured = await measure(contenders, temperature, chain.leaves, options.brief ? 2 : 31);
      rows.push(...measured.slice(1).map((one) => row(one, measured, kind, temperature)));
      goals.push(...goalsOf(measured, kind, temperature));
    }
  }
  return { rows, goals };
}

/** The bare check first, then the others in their order. */
async function measure(
  contenders: readonly Contender[],
  temperature: Temperature,
  leaves: readonly Issued[],
  rounds: number,
): Promise<Measured[]> {
  const samples = contenders.map((): number[] => []);
  // The first two rounds warm the compiler and the CAs.
  for (let round = -2; round < rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const share = leaves.slice(0, isSlow(contender) ? 10 : leaves.length);
      const spent = await microsecondsEach(contender[temperature], share);
      if (round >= 0) samples[index]?.push(spent);
    }
  }
  const reference = samples[0] ?? [];
  return contenders.map(({ name }, index) => {
    const spent = samples[index] ?? [];
    const ratios = spent.map((value, round) => value / (reference[round] ?? Number.NaN));
    return { name, value: median(spent), ratio: median(ratios) };
  });
}

/** The rivals take so long that a few leaves a round tell enough. */
function isSlow({ name }: Contender): boolean {
  return name === 'PKI.js' || name === '@peculiar/x509';
}

async function microsecondsEach(
  check: (leaf: Issued) => void | Promise<void>,
  leaves: readonly Issued[],
): Promise<number> {
  const start = process.hrtime.bigint();
  for (const leaf of leaves) {
    const checked = check(leaf);
    // Waiting costs something: only for those who ask for it.
    if (checked !== undefined) await checked;
  }
  return Number(process.hrtime.bigint() - start) / 1000 / leaves.length;
}

function row(
  { name, value, ratio }: Measured,
  [reference]: readonly Measured[],
  kind: string,
  temperature: Temperature,
): Row {
  const named = { name: `bare crypto.verify, ${kind}, ${temperature}`, value: reference?.value ?? Number.NaN };
  return { name: `${name}, ${kind}, ${temperature}`, value, unit: 'µs', reference: named, ratio };
}

function goalsOf(measured: readonly Measured[], kind: string, temperature: Temperature): Goal[] {
  const [, verdict, withCrls, ...others] = measured;
  const fastestRival = Math.min(...others.map(({ value }) => value));
  const slowest = temperature === 'warm' ? verdict : withCrls;
  return [
    {
      what: `${slowest?.name} ÷ bare crypto.verify, ${kind}, ${temperature}`,
      value: slowest?.ratio ?? Number.NaN,
      limit: temperature === 'warm' ? WARM_LIMIT : COLD_LIMIT,
      side: 'at most',
      unit: '×',
    },
    {
      what: `fastest rival ÷ verdict with CRLs, ${kind}, ${temperature}`,
      value: fastestRival / (withCrls?.value ?? Number.NaN),
      limit: 1,
      side: 'at least',
      unit: '×',
    },
  ];
}
