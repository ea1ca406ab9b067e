import type { LogRecord } from '../../log.js';

/** Records that one worker may send in a second: about twice what it sends at level `verbose` under full load. */
const RECORDS_PER_SECOND = 20_000;
const WINDOW_MS = 1000;

/** Bounds the records of one worker that go into the log. The others are counted, and their number is logged. */
export class LogQuota {
  readonly #now: () => number;
  #windowStart = -Infinity;
  #taken = 0;
  #dropped = 0;

  /** @param now milliseconds, monotonic */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The records that are within the quota. */
  take(records: readonly LogRecord[]): readonly LogRecord[] {
    const now = this.#now();
    const report: LogRecord[] = [];
    if (now - this.#windowStart >= WINDOW_MS) {
      const [first] = records;
      if (this.#dropped > 0 && first !== undefined) report.push(dropped(first, this.#dropped));
      this.#windowStart = now;
      this.#taken = 0;
      this.#dropped = 0;
    }
    const room = RECORDS_PER_SECOND - this.#taken;
    const within = records.length <= room ? records : records.slice(0, room);
    this.#taken += within.length;
    this.#dropped += records.length - within.length;
    return report.length === 0 ? within : [...report, ...within];
  }
}

function dropped(record: LogRecord, count: number): LogRecord {
  const message = `${count} lines of this worker were dropped: it sends more than ${RECORDS_PER_SECOND} a second`;
  return { ...record, level: 'warn', message, fields: {} };
}
