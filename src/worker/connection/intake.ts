import type { Session, SessionEvent } from '../../wire/protocol.js';

export interface IntakeOwner {
  take(event: SessionEvent): void;
  /** Whether input is taken now. */
  wants(): boolean;
  /** Whether input is taken now and one more request may be open. */
  hasRoom(): boolean;
}

/** Bytes that a session without `next` parses at once; they are few since short commands may have long answers. */
const SLICE = 2048;

/**
 * Turns bytes into events no faster than the connection can take them. A session without `next` is fed in slices, and
 * the remaining bytes go back to the caller; one with `next` keeps its bytes and is asked for one event at a time.
 */
export class Intake {
  readonly #session: Session;
  readonly #owner: IntakeOwner;
  #backlog = false;

  constructor(session: Session, owner: IntakeOwner) {
    this.#session = session;
    this.#owner = owner;
  }

  /** Whether the session may hold events that were not taken yet. */
  get backlog(): boolean {
    return this.#backlog;
  }

  /** Whether a request was completed, and the bytes to be received again later. */
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

  /** Takes events from a session with `next` while there is room. Returns whether there was one. */
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
