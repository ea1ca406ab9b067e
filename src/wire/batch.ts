import type { Attempt, CacheLifetime } from './task.js';

/**
 * Tasks go to a thread, and results come back, as one transferred ArrayBuffer a batch: this was the cheapest of all
 * ways tried (32 tasks of 1.5 KB there and back: 25 µs; as cloned views: 109 µs).
 *
 *     ┌───────┬────────────────────────┬───┬─────────────────┬────────┬────────┬───┬──────────┐
 *     │ count │ numbers of item 0      │ … │ … of item n − 1 │ body 0 │ note 0 │ … │ note n−1 │
 *     └───────┴────────────────────────┴───┴─────────────────┴────────┴────────┴───┴──────────┘
 *      double  a, b, length of the body, length of the note, until, epoch, since; all in the machine's order: it never
 *              leaves the process
 *
 * For a task, `a` is the index of its handler among those the thread announced, `b` the attempt (twice its number, plus
 * one for the last), and the note what the previous step returned. For a result, `a` is its kind and `b` how long it
 * ran, in µs; the note is the step's name, and `until`, `epoch` and `since` say how long the result may be kept.
 */
const NUMBERS_PER_ITEM = 7;
const KINDS = ['done', 'failed', 'needs'] as const;
const NO_OCTETS = new Uint8Array(0);
/** The value of `until` for a result that must not be kept. */
const NOT_KEPT = -1;

export interface BatchTask {
  readonly handler: number;
  readonly body: Uint8Array;
  readonly attempt: Attempt;
}

export type BatchResult =
  | {
      readonly kind: 'done';
      readonly microseconds: number;
      readonly body: Uint8Array;
      readonly keep: CacheLifetime | undefined;
    }
  /** The body is the message of the handler's error, in UTF-8. */
  | { readonly kind: 'failed'; readonly microseconds: number; readonly body: Uint8Array }
  | {
      readonly kind: 'needs';
      readonly microseconds: number;
      readonly body: Uint8Array;
      readonly step: string;
    };

export function packTasks(tasks: readonly BatchTask[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const { body, attempt } of tasks) size += body.length + attempt.found.length;
  const batch = new Packing(tasks.length, size);
  for (const { handler, body, attempt } of tasks)
    batch.add(handler, attempt.number * 2 + Number(attempt.isLast), body, attempt.found, undefined);
  return batch.bytes;
}

/** The bodies and notes are views into the batch. */
export function unpackTasks(batch: Uint8Array): BatchTask[] {
  return unpack(batch, (a, b, body, note) => ({
    handler: a,
    body,
    attempt: { number: b >>> 1, isLast: (b & 1) === 1, found: note },
  }));
}

export function packResults(results: readonly BatchResult[]): Uint8Array<ArrayBuffer> {
  const notes = results.map((result) => (result.kind === 'needs' ? Buffer.from(result.step) : NO_OCTETS));
  let size = 0;
  for (const { body } of results) size += body.length;
  for (const { length } of notes) size += length;
  const batch = new Packing(results.length, size);
  for (const [place, result] of results.entries()) {
    const { kind, microseconds, body } = result;
    const keep = kind === 'done' ? result.keep : undefined;
    batch.add(KINDS.indexOf(kind), microseconds, body, notes[place] ?? NO_OCTETS, keep);
  }
  return batch.bytes;
}

/** The bodies are views into the batch. */
export function unpackResults(batch: Uint8Array): BatchResult[] {
  return unpack(batch, (a, microseconds, body, note, [until, epoch, since]): BatchResult => {
    const kind = KINDS[a] ?? 'failed';
    if (kind === 'done')
      return { kind, microseconds, body, keep: until === NOT_KEPT ? undefined : { since, until, epoch } };
    if (kind === 'needs') return { kind, microseconds, body, step: Buffer.from(note).toString() };
    return { kind, microseconds, body };
  });
}

/** A batch being filled, item by item. */
class Packing {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #numbers: Float64Array;
  #number = 1;
  #offset: number;

  /** @param size bytes of all bodies and notes. */
  constructor(count: number, size: number) {
    this.#offset = headerOf(count);
    this.bytes = new Uint8Array(this.#offset + size);
    this.#numbers = new Float64Array(this.bytes.buffer, 0, 1 + count * NUMBERS_PER_ITEM);
    this.#numbers[0] = count;
  }

  add(a: number, b: number, body: Uint8Array, note: Uint8Array, keep: CacheLifetime | undefined): void {
    const numbers = this.#numbers;
    const at = this.#number;
    numbers[at] = a;
    numbers[at + 1] = b;
    numbers[at + 2] = body.length;
    numbers[at + 3] = note.length;
    numbers[at + 4] = keep?.until ?? NOT_KEPT;
    numbers[at + 5] = keep?.epoch ?? 0;
    numbers[at + 6] = keep?.since ?? 0;
    this.bytes.set(body, this.#offset);
    if (note.length > 0) this.bytes.set(note, this.#offset + body.length);
    this.#number = at + NUMBERS_PER_ITEM;
    this.#offset += body.length + note.length;
  }
}

type KeepNumbers = readonly [until: number, epoch: number, since: number];

function unpack<T>(
  batch: Uint8Array,
  make: (a: number, b: number, body: Uint8Array, note: Uint8Array, keep: KeepNumbers) => T,
): T[] {
  const numbers = new Float64Array(
    batch.buffer,
    batch.byteOffset,
    Math.floor(batch.length / Float64Array.BYTES_PER_ELEMENT),
  );
  const count = numbers[0] ?? 0;
  const items: T[] = [];
  let offset = headerOf(count);
  for (let at = 1; items.length < count; at += NUMBERS_PER_ITEM) {
    const noteAt = offset + (numbers[at + 2] ?? 0);
    const end = noteAt + (numbers[at + 3] ?? 0);
    const body = batch.subarray(offset, noteAt);
    const note = end === noteAt ? NO_OCTETS : batch.subarray(noteAt, end);
    const keep: KeepNumbers = [numbers[at + 4] ?? 0, numbers[at + 5] ?? 0, numbers[at + 6] ?? 0];
    items.push(make(numbers[at] ?? 0, numbers[at + 1] ?? 0, body, note, keep));
    offset = end;
  }
  return items;
}

/** The size of the count and the numbers. */
function headerOf(count: number): number {
  return Float64Array.BYTES_PER_ELEMENT * (1 + count * NUMBERS_PER_ITEM);
}
