import type { Issued } from '../test/pki/pki.js';
import { createChain } from './engine-parts/chain.js';
import { bare, type Contender, pkixd } from './engine-parts/contender.js';
import { measureGo } from './engine-parts/go.js';
import { rivals } from './engine-parts/rivals.js';
import { median } from './median.js';
import type { BenchOptions, BenchResult, Goal, Row } from './report.js';

/**
 * What one verdict costs over the one signature check that cannot be spared, and what others need for (part of) the
 * same work. Warm: each iteration checks another leaf under a root and an intermediate known from earlier. Cold: each
 * iteration starts from bytes alone, and so does the reference, which has to import its key first. Each contender
 * takes turns with the reference in short rounds, and the medians of the rounds and of their ratios count. The limits
 * are those of a verdict that looks at CRLs; the rivals look at none, so they are compared with the verdict without.
 */
const WARM_LIMIT = 1.25;
const COLD_LIMIT = 3;
/** µs for the CRLs of a leaf and an intermediate. */
const LOOKUP_LIMIT = 2;
const WARM_UP_ROUNDS = 40;
/** Contender and reference alternate after so many leaves, so that a change of the machine's pace hits both alike. */
const SLICE = 25;

const GO = 'Go crypto/x509';

type Temperature = 'warm' | 'cold';

interface Measured {
  readonly name: string;
  /** µs, the median of the rounds. */
  readonly value: number;
  /** µs that the bare check took in the same rounds. */
  readonly bare: number;
  /** The one ÷ the other in the same round; the median of the rounds. */
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
    const reference = bare(chain);
    const go = measureGo(chain, options.brief ? 5 : 200);
    for (const temperature of ['warm', 'cold'] as const) {
      const measured: Measured[] = [];
      for (const contender of [pkixd(chain, 'off'), pkixd(chain, 'hard'), ...rivals(chain)]) {
        measured.push(await measure(contender, reference, temperature, chain.leaves, options.brief ? 2 : 31));
      }
      if (go) measured.push(inAnotherProcess(GO, go[temperature], measured));
      rows.push(...measured.map((one) => row(one, kind, temperature)));
      rows.push({ name: `CRL look-up, ${kind}, ${temperature}`, value: lookup(measured), unit: 'µs' });
      goals.push(...goalsOf(measured, kind, temperature));
    }
  }
  return { rows, goals };
}

async function measure(
  contender: Contender,
  reference: Contender,
  temperature: Temperature,
  leaves: readonly Issued[],
  rounds: number,
): Promise<Measured> {
  const share = leaves.slice(0, isSlow(contender) ? 20 : leaves.length);
  const samples: { readonly value: number; readonly bare: number }[] = [];
  // CPU time counts the compiler's threads too: they have to be done before a round counts.
  const warmUp = temperature === 'warm' && !isSlow(contender) ? WARM_UP_ROUNDS : 2;
  for (let round = -warmUp; round < rounds; round++) {
    const sample = { bare: 0, value: 0 };
    for (let from = 0; from < share.length; from += SLICE) {
      const slice = share.slice(from, from + SLICE);
      sample.bare += (await microseconds(reference[temperature], slice)) / share.length;
      sample.value += (await microseconds(contender[temperature], slice)) / share.length;
    }
    if (round >= 0) samples.push(sample);
  }
  return {
    name: contender.name,
    value: median(samples.map(({ value }) => value)),
    bare: median(samples.map((sample) => sample.bare)),
    ratio: median(samples.map((sample) => sample.value / sample.bare)),
  };
}

/** A figure measured elsewhere in this run, over the reference as it was found beside the verdict. */
function inAnotherProcess(name: string, value: number, [verdict]: readonly Measured[]): Measured {
  const reference = verdict?.bare ?? Number.NaN;
  return { name, value, bare: reference, ratio: value / reference };
}

/** The rivals take so long that a few leaves a round tell enough. */
function isSlow({ name }: Contender): boolean {
  return !name.startsWith('verdict');
}

/** CPU time: what else runs on the machine does not count. */
async function microseconds(
  check: (leaf: Issued) => void | Promise<void>,
  leaves: readonly Issued[],
): Promise<number> {
  const before = process.cpuUsage();
  for (const leaf of leaves) {
    const checked = check(leaf);
    // Waiting costs something: only for those who ask for it.
    if (checked !== undefined) await checked;
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function row({ name, value, bare: reference, ratio }: Measured, kind: string, temperature: Temperature): Row {
  const named = { name: `bare crypto.verify, ${kind}, ${temperature}`, value: reference };
  return { name: `${name}, ${kind}, ${temperature}`, value, unit: 'µs', reference: named, ratio };
}

/** What the verdict with CRLs costs more than that without, µs; by the ratios, so that the machine's pace cancels out. */
function lookup([without, withCrls]: readonly Measured[]): number {
  if (without === undefined || withCrls === undefined) return Number.NaN;
  return (withCrls.ratio - without.ratio) * withCrls.bare;
}

/** Cold, OpenSSL's import of keys decides, and Go does without OpenSSL: its row is shown and judges nothing. */
function goalsOf(measured: readonly Measured[], kind: string, temperature: Temperature): Goal[] {
  const [without, withCrls, ...others] = measured;
  const isWarm = temperature === 'warm';
  const rivalsHere = others.filter(({ name }) => isWarm || name !== GO);
  const fastest = Math.min(...rivalsHere.map((other) => other.ratio));
  const place = `${kind}, ${temperature}`;
  const goals: Goal[] = [
    {
      what: `verdict with CRLs ÷ bare crypto.verify, ${place}`,
      value: withCrls?.ratio ?? Number.NaN,
      limit: isWarm ? WARM_LIMIT : COLD_LIMIT,
      side: 'at most',
      unit: '×',
    },
    {
      what: `fastest rival ÷ verdict, ${place}`,
      value: fastest / (without?.ratio ?? Number.NaN),
      limit: 1,
      side: 'at least',
      unit: '×',
    },
  ];
  if (!isWarm) return goals;
  const value = lookup(measured);
  return [
    ...goals,
    { what: `CRL look-up, ${place}`, value, limit: LOOKUP_LIMIT, side: 'at most', unit: 'µs' },
  ];
}
