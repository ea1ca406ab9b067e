/**
 * How many clients each worker should send to the others: a pure function of the connections on which requests came
 * lately. Connections are given out only when they are made, so clients that stay would never reach a new worker.
 *
 * A round begins when a worker was added or replaced, or when one has had more than twice as many as another for a
 * while. It goes on in small steps until all have about the same. If that fails, a long pause follows: clients may not
 * come back, or not to the worker with the fewest.
 */
export interface RebalanceState {
  /** Steps left in the present round. */
  readonly steps: number;
  /** Samples in a row with an imbalance. */
  readonly imbalanced: number;
  /** Samples until an imbalance counts again. */
  readonly pause: number;
}

export const BALANCED: RebalanceState = { steps: 0, imbalanced: 0, pause: 0 };

const MAX_STEPS = 12;
/** The share of its active connections that a worker gives up in one step. */
const STEP_SHARE = 0.25;
const IMBALANCE = 2;
/** The least difference in connections that counts as an imbalance. */
const LEAST_EXCESS = 4;
const IMBALANCED_LOOKS = 3;
const PAUSE_SAMPLES = 60;

/** A worker was added or replaced. */
export function afterNewWorker(state: RebalanceState): RebalanceState {
  return { ...state, steps: MAX_STEPS };
}

/** @param active connections of each worker; the result is in the same order. */
export function nextShares(
  state: RebalanceState,
  active: readonly number[],
): { readonly state: RebalanceState; readonly shares: readonly number[] } {
  const none = active.map(() => 0);
  if (state.steps === 0) return { state: looked(state, active), shares: none };
  const most = Math.max(...active);
  if (most - Math.min(...active) < 2) return { state: { ...BALANCED, pause: state.pause }, shares: none };
  const even = Math.ceil(active.reduce((sum, each) => sum + each, 0) / active.length);
  const giver = active.indexOf(most);
  const shares = active.map((each, worker) => {
    if (each > even) return Math.min(each - even, Math.ceil(each * STEP_SHARE));
    // No worker has more than a fair share, but one has less: 2, 2, 0.
    return most === even && worker === giver ? 1 : 0;
  });
  const steps = state.steps - 1;
  return { state: { steps, imbalanced: 0, pause: steps === 0 ? PAUSE_SAMPLES : state.pause }, shares };
}

function looked(state: RebalanceState, active: readonly number[]): RebalanceState {
  const [most, least] = [Math.max(...active), Math.min(...active)];
  const uneven = active.length > 1 && most > IMBALANCE * least && most - least >= LEAST_EXCESS;
  const pause = Math.max(state.pause - 1, 0);
  if (!uneven || pause > 0) return { steps: 0, imbalanced: 0, pause };
  const imbalanced = state.imbalanced + 1;
  return imbalanced < IMBALANCED_LOOKS
    ? { steps: 0, imbalanced, pause }
    : { steps: MAX_STEPS, imbalanced: 0, pause };
}
