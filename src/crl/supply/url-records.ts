import { hash } from 'node:crypto';
import { showUrl } from '../../show-url.js';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import type { RefusedContent, UrlRecord } from '../../wire/ingest.js';
import type { Mark } from '../store/notes/marks.js';
import { NO_RECORD } from '../store/records/records.js';
import { leftAloneUntil, pastTime } from '../store/records/past-times.js';
import { VERDICT_CODES, type VerdictCode } from '../../wire/verdict.js';

/** The reader of URL records: `CrlStore`. */
export interface UrlRecords {
  urlRecord(url: string): UrlRecord | undefined;
}

/** When the URL was last fetched, and when its own server last answered whichever host, ms; -Infinity: never. */
export function answersOf({ fetchedAt, secondHand }: UrlRecord, now: number) {
  const fetched = pastTime(fetchedAt, now);
  return { fetchedAt: fetched, answeredAt: secondHand ? pastTime(secondHand.answeredAt, now) : fetched };
}

/** Until when a CRL can be used, by the limits of its want, ms. */
function endOf({ thisUpdate, nextUpdate }: Dated, { maxAge = Infinity }: WantedCrl): number {
  return Math.min(nextUpdate ?? Infinity, thisUpdate + maxAge);
}

type Dated = Pick<Mark, 'thisUpdate'> & { readonly nextUpdate: number | null };

/** The failure for a received CRL that is past its nextUpdate. */
export function staleness(url: string, crl: Dated, wanted: WantedCrl, now: number): FetchFailure | undefined {
  const end = endOf(crl, wanted);
  if (now < end) return undefined;
  const message = `${showUrl(url)}: the CRL there was due for renewal ${new Date(end).toISOString()}`;
  return { url, code: 'CRL_STALE', message };
}

export function validatorsOf({ etag, lastModified }: UrlRecord): Pick<UrlRecord, 'etag' | 'lastModified'> {
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/**
 * The name under which a URL's failure for this want is remembered. It does not affect other wants of the same URL,
 * since any certified party may name any URL.
 */
export function refusalName(url: string, { issuer, isDelta, signers }: WantedCrl): string {
  const keys = signers.map((spki) => Buffer.from(spki).toString('base64')).toSorted();
  const want = hash('sha256', JSON.stringify([Buffer.from(issuer).toString('base64'), isDelta, keys]), 'hex');
  return `${url} ${want}`;
}

/** Why the URL need not be asked now: it failed a moment ago, or what it has was refused. */
export function recentFailure(
  records: UrlRecords,
  url: string,
  wanted: WantedCrl,
  now: number,
): FetchFailure | undefined {
  for (const name of [url, refusalName(url, wanted)]) {
    const record = records.urlRecord(name);
    const until = record === undefined ? -Infinity : leftAloneUntil(record, now);
    if (record !== undefined && until > now) {
      const again = new Date(until).toISOString();
      const message = `${record.message ?? `${showUrl(url)} failed`} (not asked again before ${again})`;
      return { url, code: failureCode(record.code), message };
    }
  }
  return undefined;
}

/** ms for which content that was refused is not looked at again: another release may take it. */
const REFUSED_FOR = 86_400_000;

/** The last refused content of the URL, for all wants or for this one. */
export function refusedContent(
  records: UrlRecords,
  url: string,
  wanted: WantedCrl,
  now: number,
): RefusedContent | undefined {
  for (const name of [url, refusalName(url, wanted)]) {
    const { refused: digest, code, message, failedAt } = records.urlRecord(name) ?? NO_RECORD;
    if (digest === undefined || code === undefined || message === undefined) continue;
    if (now - pastTime(failedAt, now) < REFUSED_FOR) return { digest, code, message };
  }
  return undefined;
}

/** A verdict code, where it is one of a failure. */
export function failureCode(code: string | undefined): FetchFailure['code'] {
  return code !== undefined && isVerdictCode(code) && code !== 'OK' && code !== 'OK_SOFT'
    ? code
    : 'FETCH_FAILED';
}

function isVerdictCode(code: string): code is VerdictCode {
  return Object.hasOwn(VERDICT_CODES, code);
}
