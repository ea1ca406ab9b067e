import { hash } from 'node:crypto';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import type { UrlRecord } from '../../wire/ingest.js';
import { VERDICT_CODES, type VerdictCode } from '../../wire/verdict.js';

/** Where records of URLs are read: `CrlStore`. */
export interface UrlRecords {
  urlRecord(url: string): UrlRecord | undefined;
}

/** When the URL's own server last answered, whichever host asked it, ms; -Infinity: never. */
export function answerOf({ fetchedAt, hearsay }: UrlRecord): number {
  return hearsay?.answeredAt ?? fetchedAt ?? -Infinity;
}

export function validatorsOf({ etag, lastModified }: UrlRecord): Pick<UrlRecord, 'etag' | 'lastModified'> {
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/**
 * Under which name it is remembered that a URL gave what this want could not use. Another want of the same URL is
 * not hindered by it: anybody whom some CA certified may point to any URL.
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
    if (record !== undefined && record.failures > 0 && record.retryAt > now) {
      const again = new Date(record.retryAt).toISOString();
      const message = `${record.message ?? `${url} failed`} (not asked again before ${again})`;
      return { url, code: failureCode(record.code), message };
    }
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
