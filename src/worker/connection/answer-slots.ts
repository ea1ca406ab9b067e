import { messageOf } from '../../errors.js';
import type { Pieces, AnswerTail } from '../../wire/protocol.js';

/**
 * The destination of answers: each is written once, in order; an answer in pieces waits while the peer does not read.
 */
export interface SlotSink {
  write(bytes: Buffer): void;
  hasRoom(): boolean;
  /** Part of an answer was written before the rest became unavailable. */
  broken(reason: string): void;
}

interface Ready {
  readonly bytes: Buffer;
  readonly rest: AnswerTail | undefined;
}

/**
 * Answers are written in the order of their requests, whichever is ready first:
 *
 *     request  1      2      3      4
 *     slot   [bytes][  …  ][bytes][  …  ]
 *             └ is written  └ waits for 2
 */
export class AnswerSlots {
  readonly #sink: SlotSink;
  /** The slot at the head is number `#first`. */
  #slots: (Ready | undefined)[] = [];
  #first = 0;
  #gone = 0;
  /** The rest of the answer at the head, whose first bytes were written. */
  #pieces: Pieces | undefined;
  #isBroken = false;

  constructor(sink: SlotSink) {
    this.#sink = sink;
  }

  /** An answer in pieces is being written. */
  get isPartWay(): boolean {
    return this.#pieces !== undefined;
  }

  /** Slots that wait for their own answer or that of an earlier one. */
  get waiting(): number {
    return this.#slots.length - this.#gone;
  }

  /** The number of a new slot, to be filled once. */
  open(): number {
    this.#slots.push(undefined);
    return this.#first + this.#slots.length - 1;
  }

  fill(slot: number, bytes: Buffer, rest?: AnswerTail): void {
    this.#slots[slot - this.#first] = { bytes, rest };
    this.pump();
  }

  /** Writes what may be written: to be called when there is room again. */
  pump(): void {
    if (!this.#pumpPieces()) return;
    for (let ready = this.#slots[this.#gone]; ready; ready = this.#slots[this.#gone]) {
      this.#begin(ready);
      if (!this.#pumpPieces()) return;
    }
    this.#compact();
  }

  /** Drops all that is not written yet. */
  close(): void {
    this.#pieces?.close();
    this.#pieces = undefined;
    this.#slots = [];
    this.#gone = 0;
  }

  /** Its slot is freed with its last byte. */
  #begin({ bytes, rest }: Ready): void {
    if (rest?.pieces.open() === true) {
      this.#sink.write(bytes);
      this.#pieces = rest.pieces;
      return;
    }
    this.#sink.write(rest?.instead ?? bytes);
    this.#slots[this.#gone++] = undefined;
  }

  /** Whether no answer is partly written. */
  #pumpPieces(): boolean {
    const pieces = this.#pieces;
    if (pieces === undefined) return true;
    try {
      while (!this.#isBroken && this.#sink.hasRoom()) {
        const piece = pieces.next();
        if (piece !== undefined) {
          this.#sink.write(piece);
          continue;
        }
        pieces.close();
        this.#pieces = undefined;
        this.#slots[this.#gone++] = undefined;
        return true;
      }
    } catch (error) {
      this.#isBroken = true;
      this.#sink.broken(messageOf(error));
    }
    return false;
  }

  #compact(): void {
    if (this.#gone * 2 < this.#slots.length) return;
    this.#slots.splice(0, this.#gone);
    this.#first += this.#gone;
    this.#gone = 0;
  }
}

/** The same for protocols whose answers name their request: each is written as soon as it is ready. */
export class AnswersAsReady {
  readonly #sink: SlotSink;
  #waiting = 0;
  /** Pieces of one answer cannot stand between others. */
  readonly isPartWay = false;

  constructor(sink: SlotSink) {
    this.#sink = sink;
  }

  get waiting(): number {
    return this.#waiting;
  }

  open(): number {
    this.#waiting++;
    return 0;
  }

  fill(_slot: number, bytes: Buffer, rest?: AnswerTail): void {
    if (rest !== undefined) throw new Error('answers in pieces need a protocol that answers in order');
    this.#waiting--;
    this.#sink.write(bytes);
  }

  pump(): void {
    // Nothing waits here.
  }

  close(): void {
    // Nothing is open here.
  }
}
