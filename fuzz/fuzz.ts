import { PkixdError } from '../src/errors.js';
import { Random } from './random.js';
import type { Seeds } from './seeds.js';
import { type Input, type Target, TARGETS } from './targets.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly seeds: Seeds;
  /** Asked before each input. */
  readonly isOver: (inputs: number) => boolean;
}

/** An input that went wrong; seed and number make it again. */
export interface Finding {
  readonly target: string;
  readonly number: number;
  readonly what: string;
  readonly bytes: Uint8Array;
}

interface TargetCount {
  inputs: number;
  /** Inputs that ran through, and were not refused with a `PkixdError`. */
  taken: number;
  /** CPU ms of the slowest input. */
  worst: number;
}

export interface FuzzReport {
  readonly counts: ReadonlyMap<string, TargetCount>;
  readonly crashes: readonly Finding[];
  readonly slow: readonly Finding[];
}

/** CPU ms that no single input may cost. */
export const CPU_LIMIT = 50;

/** Goes through the targets in turn, one mutated input each, until it is over. */
export function fuzz({ seed, seeds, isOver }: FuzzOptions): FuzzReport {
  const random = new Random(seed);
  const counts = new Map(
    TARGETS.map(({ name }): [string, TargetCount] => [name, { inputs: 0, taken: 0, worst: 0 }]),
  );
  const crashes: Finding[] = [];
  const slow: Finding[] = [];
  for (let number = 0; !isOver(number); number++) {
    const target: Target | undefined = TARGETS[number % TARGETS.length];
    const count = target && counts.get(target.name);
    if (target === undefined || count === undefined) break;
    const input = target.prepare(seeds, random);
    const found = (what: string): Finding => ({ target: target.name, number, what, bytes: input.bytes });
    count.inputs += 1;
    try {
      if (isTaken(input)) count.taken += 1;
      const spent = cpuTime(input);
      count.worst = Math.max(count.worst, spent);
      if (spent > CPU_LIMIT) slow.push(found(`${spent.toFixed(1)} ms of CPU`));
    } catch (error) {
      crashes.push(found(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    }
  }
  return { counts, crashes, slow };
}

/** Throws what is no `PkixdError`. */
function isTaken({ run }: Input): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    return false;
  }
}

/**
 * CPU ms of one more run; of a slow one the least of three, so that neither the compiler nor the collector is
 * blamed on the input.
 */
export function cpuTime(input: Input): number {
  let least = Infinity;
  for (let run = 0; run < 3; run++) {
    const before = process.cpuUsage();
    isTaken(input);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
    if (least <= CPU_LIMIT / 5) break;
  }
  return least;
}
