/**
 * Answers leave in the order of their requests, whichever is ready first:
 *
 *     request  1      2      3      4
 *     slot   [bytes][  …  ][bytes][  …  ]
 *             └ goes out    └ waits for 2
 */
export class AnswerSlots {
  readonly #write: (bytes: Buffer) => void;
  /** The slot at the head is number `#first`. */
  #slots: (Buffer | undefined)[] = [];
  #first = 0;
  #gone = 0;

  /** @param write gets each answer once, in order. */
  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  /** Slots that wait for their answer, or for that of an earlier one. */
  get waiting(): number {
    return this.#slots.length - this.#gone;
  }

  /** The number of a new slot, to be filled once. */
  open(): number {
    this.#slots.push(undefined);
    return this.#first + this.#slots.length - 1;
  }

  fill(slot: number, bytes: Buffer): void {
    this.#slots[slot - this.#first] = bytes;
    for (let ready = this.#slots[this.#gone]; ready; ready = this.#slots[this.#gone]) {
      this.#slots[this.#gone++] = undefined;
      this.#write(ready);
    }
    if (this.#gone * 2 < this.#slots.length) return;
    this.#slots.splice(0, this.#gone);
    this.#first += this.#gone;
    this.#gone = 0;
  }
}

/** The same for protocols that name the request in its answer: each leaves as soon as it is there. */
export class AnswersAsReady {
  readonly #write: (bytes: Buffer) => void;
  #waiting = 0;

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  get waiting(): number {
    return this.#waiting;
  }

  open(): number {
    this.#waiting++;
    return 0;
  }

  fill(_slot: number, bytes: Buffer): void {
    this.#waiting--;
    this.#write(bytes);
  }
}
