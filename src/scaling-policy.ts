/**
 * How many workers or task threads should share the load: a pure function of samples taken at an even pace, while none
 * is starting or stopping. It changes by one at a time:
 *
 *     busy share   0 ──── 25 % ──────── 50 % ──── 100 %
 *                   shrink  │    stay     │  grow
 *                   (10 in a row)         (3 in a row, or 1 while a request waits for long)
 *
 * It shrinks only if the rest would stay well below the point of growing. Growing soon after shrinking is flapping: it
 * doubles the samples needed for the next shrinking, until there was no flapping for long.
 */
export interface LoadSample {
  /** How many there are. */
  readonly count: number;
  /** The share of their time that they were busy since the last sample, 0…1. */
  readonly busy: number;
  /** Milliseconds that the first in the queue has waited. */
  readonly oldestWait: number;
  /** Units of work that no worker or thread has taken yet. */
  readonly pending: number;
}

export interface ScalingBounds {
  readonly min: number;
  readonly max: number;
}

export interface ScalingState {
  /** Samples in a row above the point of growing. */
  readonly high: number;
  /** Samples in a row below the point of shrinking. */
  readonly low: number;
  readonly sinceShrink: number;
  readonly sinceFlap: number;
  /** By how much `SHRINK_AFTER_SAMPLES` is multiplied. */
  readonly patience: number;
}

export const UNSCALED: ScalingState = {
  high: 0,
  low: 0,
  sinceShrink: Infinity,
  sinceFlap: 0,
  patience: 1,
};

const GROW_ABOVE = 0.5;
const SHRINK_BELOW = 0.25;
/** The highest busy share that the others may have after shrinking. */
const AFTER_SHRINK = 0.4;
const GROW_AFTER_SAMPLES = 3;
const SHRINK_AFTER_SAMPLES = 10;
/** Milliseconds; when the first in the queue has waited this long, one sample suffices for growing. */
const LONG_WAIT = 500;
/** Growing within so many samples after shrinking is flapping. */
const FLAP_WINDOW = 60;
const MAX_PATIENCE = 64;
/** So many samples without flapping halve the patience. */
const CALM = 3600;

/** Whether there should be one more or one fewer, and what to remember until the next sample. */
export function nextStep(
  before: ScalingState,
  sample: LoadSample,
  bounds: ScalingBounds,
): { readonly state: ScalingState; readonly step: -1 | 0 | 1 } {
  const state = observed(before, sample);
  if (sample.count < bounds.min || (sample.count < bounds.max && wantsMore(state, sample))) {
    return { state: grown(state), step: 1 };
  }
  if (sample.count > bounds.max || (sample.count > bounds.min && wantsLess(state, sample))) {
    return { state: { ...state, high: 0, low: 0, sinceShrink: 0 }, step: -1 };
  }
  return { state, step: 0 };
}

function observed(before: ScalingState, { busy, oldestWait, pending }: LoadSample): ScalingState {
  const waiting = pending > 0 || oldestWait > LONG_WAIT;
  const calm = before.sinceFlap >= CALM;
  return {
    high: busy > GROW_ABOVE ? before.high + 1 : 0,
    low: busy < SHRINK_BELOW && !waiting ? before.low + 1 : 0,
    sinceShrink: before.sinceShrink + 1,
    sinceFlap: calm ? 0 : before.sinceFlap + 1,
    patience: calm ? Math.max(before.patience / 2, 1) : before.patience,
  };
}

function wantsMore({ high }: ScalingState, { oldestWait, pending }: LoadSample): boolean {
  return high >= GROW_AFTER_SAMPLES || pending > 0 || oldestWait > LONG_WAIT;
}

function wantsLess({ low, patience }: ScalingState, { count, busy }: LoadSample): boolean {
  return low >= SHRINK_AFTER_SAMPLES * patience && (busy * count) / (count - 1) < AFTER_SHRINK;
}

function grown(state: ScalingState): ScalingState {
  const settled = { ...state, high: 0, low: 0, sinceShrink: Infinity };
  if (state.sinceShrink > FLAP_WINDOW) return settled;
  return { ...settled, sinceFlap: 0, patience: Math.min(state.patience * 2, MAX_PATIENCE) };
}
