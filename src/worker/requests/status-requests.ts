import type { Clock } from '../clock.js';

/** Milliseconds that the primary may take; then STATUS is answered without its status. */
const STATUS_TIMEOUT_MS = 5000;

/** Requests to the primary for the server's status; answers come by number. */
export class StatusRequests {
  readonly #ask: (request: number) => void;
  readonly #clock: Clock;
  readonly #open = new Map<number, (status: unknown) => void>();
  #last = 0;

  constructor(clock: Clock, ask: (request: number) => void) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** `answer` is called once; with null if the primary did not answer in time. */
  request(answer: (status: unknown) => void): void {
    const request = ++this.#last;
    const cancel = this.#clock.after(STATUS_TIMEOUT_MS, () => {
      this.answered(request, null);
    });
    this.#open.set(request, (status) => {
      cancel();
      answer(status);
    });
    this.#ask(request);
  }

  answered(request: number, status: unknown): void {
    const answer = this.#open.get(request);
    this.#open.delete(request);
    answer?.(status);
  }
}
