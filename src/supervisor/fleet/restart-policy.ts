/**
 * When to replace a worker that died: a pure function of what happened before. Deaths of workers that had served
 * are replaced at once and forgotten. Early deaths in a row double the wait, and too many of them in a window
 * (as in OTP's restart intensity) make the server `degraded`; it goes on trying, and is well again as soon as one
 * worker stays.
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
  /** When the early deaths of the last window were. */
  readonly earlyDeaths: readonly number[];
  readonly degraded: boolean;
}

export interface Death {
  /** Milliseconds, on the same clock as `readyAt`. */
  readonly at: number;
  /** Absent when the worker never got ready. */
  readonly readyAt?: number | undefined;
  /** An operator, a scale-down or a stop wanted it. */
  readonly ordered: boolean;
}

export const NO_DEATHS: RestartHistory = { streak: 0, earlyDeaths: [], degraded: false };

/** A worker that lives this long after it got ready has not died early, in milliseconds. */
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
  // Once degraded it stays so: at the longest wait the window alone would empty while nothing got better.
  const degraded = history.degraded || earlyDeaths.length > settings.limit;
  const delay = streak === 1 ? 0 : Math.min(settings.backoff * 2 ** (streak - 2), MAX_BACKOFF);
  return { history: { streak, earlyDeaths, degraded }, delay };
}

/** What is remembered once a worker has stayed: nothing, if it started to serve after the last early death. */
export function afterStaying(history: RestartHistory, readyAt: number): RestartHistory {
  const last = history.earlyDeaths.at(-1);
  return last === undefined || readyAt > last ? NO_DEATHS : history;
}

/** An operator asks for workers: the next attempt is not made to wait for those before. */
export function afterOrder(history: RestartHistory): RestartHistory {
  return { ...history, streak: 0 };
}

function isEarly(death: Death): boolean {
  return death.readyAt === undefined || death.at - death.readyAt < STABLE_AFTER;
}
