import { hash, randomBytes } from 'node:crypto';

/**
 * The entry of a URL in Redis, as JSON of at most MAX_ENTRY characters. It is not trusted: any client of Redis may have
 * written it.
 */
export interface SharedEntry {
  /** When the URL's own server said so, ms by the clock of Redis. */
  readonly at: number;
  /** ms */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly number: bigint | null;
  /** See `SharedCrl`. */
  readonly content: string | null;
  /** The key of its bytes, and their number; `null` if Redis does not have them. */
  readonly body: { readonly id: string; readonly size: number } | null;
}

export const MAX_ENTRY = 1024;

/** The keys and the channel, all of one prefix. */
export class SharedNames {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = `${prefix}crl:`;
  }

  get channel(): string {
    return `${this.#prefix}news`;
  }

  entry(url: string): string {
    return `${this.#prefix}entry:${hash('sha256', url)}`;
  }

  lease(url: string): string {
    return `${this.#prefix}lease:${hash('sha256', url)}`;
  }

  body(id: string): string {
    return `${this.#prefix}body:${id}`;
  }
}

export function newBodyId(): string {
  return randomBytes(16).toString('hex');
}

export function entryText({ number, ...entry }: SharedEntry): string {
  return JSON.stringify({ ...entry, number: number?.toString() ?? null });
}

/** `undefined` for anything that is none. */
export function readEntry(text: unknown): SharedEntry | undefined {
  const fields = typeof text === 'string' ? fieldsOf(text) : undefined;
  if (fields === undefined) return undefined;
  const { at, thisUpdate, nextUpdate, number, content = null, body } = fields;
  if (!isTime(at) || !isTime(thisUpdate)) return undefined;
  if (nextUpdate !== null && !isTime(nextUpdate)) return undefined;
  if (number !== null && (typeof number !== 'string' || !/^\d{1,60}$/.test(number))) return undefined;
  if (content !== null && (typeof content !== 'string' || !/^[0-9a-f]{64}$/.test(content))) return undefined;
  const read = body === null ? null : readBody(body);
  if (read === undefined) return undefined;
  const written = number === null ? null : BigInt(number);
  return { at, thisUpdate, nextUpdate, number: written, content, body: read };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.length > MAX_ENTRY) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function readBody(value: unknown): { readonly id: string; readonly size: number } | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('size' in value)) return undefined;
  const { id, size } = value;
  if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) return undefined;
  return Number.isSafeInteger(size) && Number(size) > 0 ? { id, size: Number(size) } : undefined;
}

/** The reply to TIME, seconds and microseconds, as ms since 1970; `undefined` for anything else. */
export function readTime(reply: unknown): number | undefined {
  if (!Array.isArray(reply) || reply.length !== 2) return undefined;
  const [seconds, micros] = reply.map((part: unknown) =>
    /^\d{1,13}$/.test(String(part)) ? Number(part) : Number.NaN,
  );
  const time = (seconds ?? Number.NaN) * 1000 + Math.floor((micros ?? Number.NaN) / 1000);
  return isTime(time) ? time : undefined;
}

/** The times that a Date can hold. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) <= 8.64e15;
}
