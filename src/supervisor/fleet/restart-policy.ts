/**
 * When to replace a worker that died: a pure function of earlier deaths. A worker that had served is replaced at once,
 * and its death is not remembered. Early deaths in a row double the wait, and too many of them in a window (as in OTP's
 * restart intensity) make the server `degraded`; it goes on trying, and is not degraded any more once one worker stays.
 */
export interface RestartSettings {
  /** Early deaths within `window` above which the server is degraded. */
  readonly limit: number;
  /** Milliseconds. */
  readonly window: number;
  /** The wait before the second replacement in a row, in milliseconds. */
  readonly backoff: number;
}

export interface RestartHistory {
  /** Early deaths in a row. */
  readonly streak: number;
  /** The times of the early deaths within the last window. */
  readonly earlyDeaths: readonly number[];
  readonly degraded: boolean;
}

export interface Death {
  /** Milliseconds, on the same clock as `readyAt`. */
  readonly at: number;
  /** Absent when the worker never got ready. */
  readonly readyAt?: number | undefined;
  /** An operator, a scale-down or a stop ordered it. */
  readonly ordered: boolean;
}

export const NO_DEATHS: RestartHistory = { streak: 0, earlyDeaths: [], degraded: false };

/** Milliseconds after it got ready from which on the death of a worker is not early. */
export const STABLE_AFTER = 2000;

/** The longest wait between two attempts, in milliseconds. */
export const MAX_BACKOFF = 30_000;

/** What is remembered after a death, and how long to wait before the replacement, in milliseconds. */
export function afterDeath(
  history: RestartHistory,
  death: Death,
  settings: RestartSettings,
): { readonly history: RestartHistory; readonly delay: number } {
  if (death.ordered || !isEarly(death)) return { history, delay: 0 };
  const earlyDeaths = [...history.earlyDeaths.filter((at) => death.at - at < settings.window), death.at];
  const streak = history.streak + 1;
  // It stays degraded: with the longest waits the window would empty although no worker stays.
  const degraded = history.degraded || earlyDeaths.length > settings.limit;
  const delay = streak === 1 ? 0 : Math.min(settings.backoff * 2 ** (streak - 2), MAX_BACKOFF);
  return { history: { streak, earlyDeaths, degraded }, delay };
}

/** The history after a worker has stayed: empty, if the worker got ready after the last early death. */
export function afterStaying(history: RestartHistory, readyAt: number): RestartHistory {
  const last = history.earlyDeaths.at(-1);
  return last === undefined || readyAt > last ? NO_DEATHS : history;
}

/** The history after an operator asked for workers: the next attempt does not wait. */
export function afterOrder(history: RestartHistory): RestartHistory {
  return { ...history, streak: 0 };
}

function isEarly(death: Death): boolean {
  return death.readyAt === undefined || death.at - death.readyAt < STABLE_AFTER;
}
