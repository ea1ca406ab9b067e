import type { Logger } from './log.js';

/** Milliseconds in which one line is written for each kind and place. */
const QUIET_MS = 60_000;
/** The most places of one kind that get their own line in that time; all others share a line. */
const MAX_PLACES = 20;
/** The most kinds, likewise. A kind must be a constant text, so there should be few. */
const MAX_KINDS = 200;
/** The place under which the others share a line. */
const OTHERS = '';

interface Place {
  saidAt: number;
  unsaid: number;
}

/**
 * Warnings that another party (a server, a CA, a client, a Redis) can cause as often as it likes. One line a minute is
 * written for each kind and place; the next line says in `before` how many were left out. Memory and the number of
 * lines are bounded, however many places there are.
 */
export class RepeatedWarnings {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  /** By kind, then by place. */
  readonly #kinds = new Map<string, Map<string, Place>>();

  /** @param now monotonic clock, ms */
  constructor(log: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** @param place distinguishes warnings of one kind, for example the host of a URL */
  warn(kind: string, place: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const now = this.#now();
    const known = this.#placeOf(kind, place, now);
    if (now - known.saidAt < QUIET_MS) {
      known.unsaid++;
      return;
    }
    const before = known.unsaid;
    known.saidAt = now;
    known.unsaid = 0;
    this.#log.warn(kind, before > 0 ? { ...fields, before } : fields);
  }

  #placeOf(kind: string, place: string, now: number): Place {
    const shared = this.#kinds.size < MAX_KINDS || this.#kinds.has(kind) ? kind : OTHERS;
    const places = this.#kinds.get(shared) ?? new Map<string, Place>();
    this.#kinds.set(shared, places);
    if (!places.has(place) && places.size >= MAX_PLACES) forgetQuiet(places, now);
    const name = places.has(place) || places.size < MAX_PLACES ? place : OTHERS;
    const found = places.get(name) ?? { saidAt: -Infinity, unsaid: 0 };
    places.set(name, found);
    return found;
  }
}

/** Drops places whose minute is over; their suppressed warnings are counted under OTHERS. */
function forgetQuiet(places: Map<string, Place>, now: number): void {
  for (const [name, { saidAt, unsaid }] of places) {
    if (name === OTHERS || now - saidAt < QUIET_MS) continue;
    places.delete(name);
    const others = places.get(OTHERS);
    if (unsaid > 0 && others !== undefined) others.unsaid += unsaid;
    else if (unsaid > 0) places.set(OTHERS, { saidAt: -Infinity, unsaid });
  }
}

/** The host of a URL, as a place; a text that is not a URL with a host is cut to 200 characters. */
export function hostOf(url: string): string {
  const host = URL.canParse(url) ? new URL(url).host : '';
  return host === '' ? url.slice(0, 200) : host;
}
