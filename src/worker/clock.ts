/** Time, passed in so that tests can turn it. Milliseconds of the monotonic clock, fractions included. */
export interface Clock {
  now(): number;
  /** Calls back once after that many milliseconds; the returned function calls it off. */
  after(delay: number, callback: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(delay, callback) {
    const timer = setTimeout(callback, delay);
    return () => {
      clearTimeout(timer);
    };
  },
};
