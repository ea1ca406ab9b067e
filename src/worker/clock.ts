/** The clock, passed in so that tests can set it. Milliseconds of the monotonic clock, with fractions. */
export interface Clock {
  now(): number;
  /** Calls back once after that many milliseconds; the returned function cancels it. */
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
