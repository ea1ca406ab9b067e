import type { Logger } from './log.js';

/** ms in which of one kind at one place one line is written. */
const QUIET = 60_000;
/** Places of one kind that get a line of their own within that time; all others share one. */
const MAX_PLACES = 20;
/** Kinds, likewise: few are meant to be, and a text that differs each time is not one. */
const MAX_KINDS = 200;
/** The place of those that share a line. */
const OTHERS = '';

interface Place {
  saidAt: number;
  unsaid: number;
}

/**
 * Warnings that somebody else can cause as often as he likes: a server, a CA, a client, a Redis. Of each kind and place
 * one line a minute is written; how many were left out stands in the next one, as `before`. Memory and lines of one
 * kind are bounded whatever places there are.
 */
export class RepeatedWarnings {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  /** By kind, then by place. A kind is a text of this program, so there are few. */
  readonly #kinds = new Map<string, Map<string, Place>>();

  /** @param now ms, by a clock that nobody sets */
  constructor(log: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** @param place what the kind of trouble is told apart by: the host of a URL, for instance */
  warn(kind: string, place: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const now = this.#now();
    const known = this.#placeOf(kind, place, now);
    if (now - known.saidAt < QUIET) {
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

/** Those that may speak again; what was left out of them is told with the others. */
function forgetQuiet(places: Map<string, Place>, now: number): void {
  for (const [name, { saidAt, unsaid }] of places) {
    if (name === OTHERS || now - saidAt < QUIET) continue;
    places.delete(name);
    const others = places.get(OTHERS);
    if (unsaid > 0 && others !== undefined) others.unsaid += unsaid;
    else if (unsaid > 0) places.set(OTHERS, { saidAt: -Infinity, unsaid });
  }
}

/** The host of a URL, as a place; what is not a URL with a host stands for itself, in short. */
export function hostOf(url: string): string {
  const host = URL.canParse(url) ? new URL(url).host : '';
  return host === '' ? url.slice(0, 200) : host;
}
