import { FetchError } from './fetch-error.js';
import type { Validators } from './fetch-outcome.js';

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** RFC 9110 §8.8.3, without the octets beyond ASCII: it is sent back, and stored. */
const ETAG = /^(?:W\/)?"[!#-~]{0,255}"$/;
const DATE = /^[A-Za-z0-9,: -]{1,64}$/;

export function readValidators(headers: ResponseHeaders): Validators {
  const { etag, 'last-modified': lastModified } = headers;
  return {
    ...(typeof etag === 'string' && ETAG.test(etag) ? { etag } : {}),
    ...(typeof lastModified === 'string' && DATE.test(lastModified) ? { lastModified } : {}),
  };
}

/** ms that the answer has lain in caches on the way, as far as they tell (RFC 9111 §5.1). */
export function readAge(headers: ResponseHeaders): number | undefined {
  const text = headers['age'];
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : undefined;
}

/** ms until the server wants to be asked again (RFC 9110 §10.2.3): seconds, or a date. */
export function readRetryAfter(headers: ResponseHeaders, now: number): number | undefined {
  const text = headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * Codings that change the octets: those registered with IANA (RFC 9110 §8.4.1), and compressions that servers name
 * without that. Servers write other words as well (`none`, `binary`, `UTF-8`), which name no coding: they count as
 * `identity`.
 */
const CODINGS: ReadonlySet<string> = new Set(
  (
    'aes128gcm br compress dcb dcz deflate exi gzip pack200-gzip x-compress x-gzip zstd ' +
    'base64 brotli bzip2 lz4 lzma sdch snappy x-br x-bzip2 x-deflate x-xz x-zip xz zip zlib'
  ).split(' '),
);

/** Whether the body is packed with gzip; throws FetchError for codings that were not asked for. */
export function isGzipEncoded(headers: ResponseHeaders): boolean {
  const words = String(headers['content-encoding'] ?? '').toLowerCase();
  const codings = words.split(',').flatMap((word) => (CODINGS.has(word.trim()) ? [word.trim()] : []));
  if (codings.length === 0) return false;
  if (codings.length === 1 && (codings[0] === 'gzip' || codings[0] === 'x-gzip')) return true;
  const shown = codings.join(', ').slice(0, 40);
  throw new FetchError('content', `its Content-Encoding is ${shown}, which was not asked for`);
}

export function readContentLength(headers: ResponseHeaders): number | undefined {
  const text = headers['content-length'];
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
