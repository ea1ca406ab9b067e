import { showUrl } from '../../show-url.js';
import type { FetchFailure } from '../../wire/crl.js';
import type { Failure, FailureCode } from '../failure.js';
import { isMoreSpecific } from '../verdict.js';
import type { Omitted } from './crl-locations.js';

/** The status for missing CRLs: a failed fetch leaves it unknown. */
const REPLACED: ReadonlySet<FailureCode> = new Set(['CRL_NONE', 'CRL_SCOPE']);
/** Reasons that one message gives, and URLs that one of them names. */
const MAX_TOLD = 8;

/** Why CRLs that one request lacks did not come, as its verdict says it. */
export class FetchReasons {
  readonly #failures: readonly FetchFailure[];
  /** The certificates of the judged path. */
  #ofPath: FetchFailure[] = [];
  #isCut: boolean;

  /** @param failures of what was asked for */
  constructor(failures: readonly FetchFailure[]) {
    this.#failures = failures;
    this.#isCut = failures.some(isLimit);
  }

  /** A bound has cut something off. */
  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#isCut = true;
  }

  /** Why wants of the path are not worth asking for. */
  add(failures: readonly FetchFailure[]): void {
    this.#ofPath.push(...failures);
    this.#isCut ||= failures.some(isLimit);
  }

  endPath(): void {
    this.#ofPath = [];
  }

  /** Says of a status that is unknown also why the CRL that would tell did not come from one of these URLs. */
  explain(failure: Failure, urls: ReadonlySet<string>, omitted: readonly Omitted[]): Failure {
    const all = [...this.#failures, ...this.#ofPath];
    if (all.length + omitted.length === 0) return failure;
    const byUrl = new Map<string, FetchFailure>();
    for (const each of all) if (urls.has(each.url) && !byUrl.has(each.url)) byUrl.set(each.url, each);
    const found = [...byUrl.values()];
    if (found.length + omitted.length === 0) return failure;
    // CRLs beyond a limit come first, since the rest may be long.
    const limits = [...omitted.map(told), ...found.filter(isLimit).map(({ message }) => message)];
    const others = found.filter((each) => !isLimit(each)).map(({ message }) => message);
    const message = [failure.message, ...shortened(limits), ...shortened(others)].join('; ');
    if (limits.length > 0) return { code: 'FETCH_LIMIT', message };
    const [first, ...rest] = found;
    if (first === undefined || !REPLACED.has(failure.code)) return { ...failure, message };
    // The service's codes are verdict codes, as its type says.
    return { code: rest.reduce((a, b) => (isMoreSpecific(b, a) ? b : a), first).code, message };
  }
}

function isLimit({ code }: FetchFailure): boolean {
  return code === 'FETCH_LIMIT';
}

function told({ urls, why }: Omitted): string {
  return `not asked: ${shortened(urls.map(showUrl)).join(', ')} (${why})`;
}

function shortened(texts: readonly string[]): string[] {
  const more = texts.length - MAX_TOLD;
  return more <= 0 ? [...texts] : [...texts.slice(0, MAX_TOLD), `and ${more} more`];
}
