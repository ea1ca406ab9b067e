import type { Session, SessionEvent } from '../../wire/protocol.js';

export interface IntakeOwner {
  take(event: SessionEvent): void;
  /** Whether any input is taken at all at this moment. */
  wants(): boolean;
  /** The same, and whether one further request may be open. */
  hasRoom(): boolean;
}

/** Bytes that a session without `next` makes into events at once: short commands may have long answers. */
const SLICE = 2048;

/**
 * Bytes into events, no faster than the connection can take them. A session that makes events of all that it gets is
 * fed in slices, and what is refused comes back to the caller; one with `next` keeps its bytes and is asked for one
 * event at a time.
 */
export class Intake {
  readonly #session: Session;
  readonly #owner: IntakeOwner;
  #backlog = false;

  constructor(session: Session, owner: IntakeOwner) {
    this.#session = session;
    this.#owner = owner;
  }

  /** Whether the session may hold events that nobody has asked for yet. */
  get backlog(): boolean {
    return this.#backlog;
  }

  /** Whether any request was completed, and the bytes that are to come again later. */
  receive(chunk: Buffer): { readonly completed: boolean; readonly rest?: Buffer } {
    if (this.#session.next) {
      this.#session.receive(chunk);
      return { completed: this.pull() };
    }
    let completed = false;
    for (let start = 0; start < chunk.length; start += SLICE) {
      if (!this.#owner.wants()) return { completed, rest: chunk.subarray(start) };
      for (const event of this.#session.receive(chunk.subarray(start, start + SLICE))) {
        this.#owner.take(event);
        if (event.kind === 'close') return { completed: true };
        completed = true;
      }
    }
    return { completed };
  }

  /** Takes what a session with `next` holds, as far as there is room. Whether there was anything. */
  pull(): boolean {
    let completed = false;
    this.#backlog = true;
    while (this.#owner.hasRoom()) {
      const event = this.#session.next?.();
      if (!event) {
        this.#backlog = false;
        break;
      }
      this.#owner.take(event);
      completed = true;
    }
    return completed;
  }
}
