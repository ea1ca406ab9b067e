import type { Attempt, Keep } from './task.js';

/**
 * Tasks go to a thread, and results come back, as one transferred ArrayBuffer a batch: of all ways tried it costs
 * the least (32 tasks of 1.5 KB there and back: 25 µs; as cloned views of their own: 109 µs).
 *
 *     ┌───────┬────────────────────────┬───┬─────────────────┬────────┬────────┬───┬──────────┐
 *     │ count │ words of item 0        │ … │ … of item n − 1 │ body 0 │ note 0 │ … │ note n−1 │
 *     └───────┴────────────────────────┴───┴─────────────────┴────────┴────────┴───┴──────────┘
 *      32 bits  a, b, length of the body, length of the note; all in the machine's order: it never leaves the process
 *
 * Of a task, `a` is the place of its handler among those the thread announced, `b` the attempt (twice its number, and
 * one more for the last) and the note what the step before it returned. Of a result, `a` says what it is and `b` how
 * long it ran, in µs; the note is the step's name, or how long the result may be kept.
 */
interface Item {
  readonly a: number;
  readonly b: number;
  readonly body: Uint8Array;
  readonly note: Uint8Array;
}

const WORD = Uint32Array.BYTES_PER_ELEMENT;
const WORDS_PER_ITEM = 4;
const KINDS = ['done', 'failed', 'needs'] as const;
const NOTHING = new Uint8Array(0);

export interface BatchTask {
  readonly handler: number;
  readonly body: Uint8Array;
  readonly attempt: Attempt;
}

export type BatchResult = { readonly microseconds: number } & (
  | { readonly kind: 'done'; readonly body: Uint8Array; readonly keep: Keep | undefined }
  /** The body is the message of what the handler threw, as UTF-8. */
  | { readonly kind: 'failed'; readonly body: Uint8Array }
  | { readonly kind: 'needs'; readonly body: Uint8Array; readonly step: string }
);

export function packTasks(tasks: readonly BatchTask[]): Uint8Array<ArrayBuffer> {
  return pack(
    tasks.map(({ handler, body, attempt }) => ({
      a: handler,
      b: attempt.number * 2 + Number(attempt.isLast),
      body,
      note: attempt.found,
    })),
  );
}

/** The bodies and notes are views into the batch. */
export function unpackTasks(batch: Uint8Array): BatchTask[] {
  return unpack(batch, ({ a, b, body, note }) => ({
    handler: a,
    body,
    attempt: { number: b >>> 1, isLast: (b & 1) === 1, found: note },
  }));
}

export function packResults(results: readonly BatchResult[]): Uint8Array<ArrayBuffer> {
  return pack(
    results.map((result) => ({
      a: KINDS.indexOf(result.kind),
      b: result.microseconds,
      body: result.body,
      note: noteOf(result),
    })),
  );
}

export function unpackResults(batch: Uint8Array): BatchResult[] {
  return unpack(batch, ({ a, b: microseconds, body, note }): BatchResult => {
    const kind = KINDS[a] ?? 'failed';
    if (kind === 'done') return { kind, microseconds, body, keep: keepOf(note) };
    if (kind === 'needs') return { kind, microseconds, body, step: Buffer.from(note).toString() };
    return { kind, microseconds, body };
  });
}

function noteOf(result: BatchResult): Uint8Array {
  if (result.kind === 'needs') return Buffer.from(result.step);
  if (result.kind === 'failed' || result.keep === undefined) return NOTHING;
  return new Uint8Array(Float64Array.of(result.keep.until, result.keep.epoch).buffer);
}

/** Two doubles; copied, for they need not lie at a multiple of eight. */
function keepOf(note: Uint8Array): Keep | undefined {
  if (note.length === 0) return undefined;
  const [until = 0, epoch = 0] = new Float64Array(Uint8Array.from(note).buffer);
  return { until, epoch };
}

function pack(items: readonly Item[]): Uint8Array<ArrayBuffer> {
  const header = WORD * (1 + items.length * WORDS_PER_ITEM);
  const size = items.reduce((sum, { body, note }) => sum + body.length + note.length, header);
  const batch = new Uint8Array(size);
  const words = new Uint32Array(batch.buffer, 0, header / WORD);
  words[0] = items.length;
  let word = 1;
  let offset = header;
  for (const { a, b, body, note } of items) {
    words[word] = a;
    words[word + 1] = b;
    words[word + 2] = body.length;
    words[word + 3] = note.length;
    batch.set(body, offset);
    batch.set(note, offset + body.length);
    word += WORDS_PER_ITEM;
    offset += body.length + note.length;
  }
  return batch;
}

function unpack<T>(batch: Uint8Array, make: (item: Item) => T): T[] {
  const words = new Uint32Array(batch.buffer, batch.byteOffset, Math.floor(batch.length / WORD));
  const count = words[0] ?? 0;
  const items: T[] = [];
  let offset = WORD * (1 + count * WORDS_PER_ITEM);
  for (let word = 1; items.length < count; word += WORDS_PER_ITEM) {
    const noteAt = offset + (words[word + 2] ?? 0);
    const end = noteAt + (words[word + 3] ?? 0);
    const body = batch.subarray(offset, noteAt);
    const note = end === noteAt ? NOTHING : batch.subarray(noteAt, end);
    items.push(make({ a: words[word] ?? 0, b: words[word + 1] ?? 0, body, note }));
    offset = end;
  }
  return items;
}
