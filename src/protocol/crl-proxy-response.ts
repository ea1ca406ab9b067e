import type { CrlProxyAnswer } from '../wire/crl-proxy.js';

/** The parts of a request that its answer depends on. */
export interface Asked {
  readonly isHead: boolean;
  readonly fields: ReadonlyMap<string, string>;
  readonly close: boolean;
}

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly close: boolean;
  readonly isHead?: boolean;
  /** ms */
  readonly retryAfter?: number | undefined;
  readonly via?: string;
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  508: 'Loop Detected',
};

const METHODS = 'GET, HEAD, OPTIONS';

/** The head of an answer with a CRL, or a complete answer without a body. */
export function crlResponse(
  crl: Extract<CrlProxyAnswer, { kind: 'crl' }>,
  { isHead, fields, close }: Asked,
): { readonly bytes: Buffer; readonly status: 200 | 304; readonly hasBody: boolean } {
  const etag = `"${crl.version}"`;
  const status = isUnchanged(fields, etag, crl.thisUpdate) ? 304 : 200;
  const bytes = head(status, close, Date.now() - crl.age, [
    ['Via', `1.1 ${crl.via}`],
    ['ETag', etag],
    ['Last-Modified', httpDate(crl.thisUpdate)],
    ['Age', seconds(crl.age)],
    ['Cache-Control', `max-age=${seconds(crl.lifetime)}`],
    ...(status === 304
      ? []
      : ([
          ['Content-Type', 'application/pkix-crl'],
          ['Content-Length', String(crl.size)],
        ] as const)),
  ]);
  return { bytes, status, hasBody: status === 200 && !isHead };
}

/** An answer with a line of text. */
export function errorResponse({ status, message, close, isHead, retryAfter, via }: Refusal): Buffer {
  const body = Buffer.from(`${message.replaceAll(/[^\x20-\x7E]/g, '?')}\n`);
  const bytes = head(status, close, Date.now(), [
    ...(via === undefined ? [] : ([['Via', `1.1 ${via}`]] as const)),
    ...(status === 405 ? ([['Allow', METHODS]] as const) : []),
    ...(retryAfter === undefined
      ? []
      : ([['Retry-After', String(Math.max(1, Math.ceil(retryAfter / 1000)))]] as const)),
    ['Cache-Control', 'no-store'],
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(body.length)],
  ]);
  return isHead === true ? bytes : Buffer.concat([bytes, body]);
}

/** The answer to `OPTIONS *` (RFC 9110 §9.3.7). */
export function optionsResponse(close: boolean): Buffer {
  return head(204, close, Date.now(), [['Allow', METHODS]]);
}

/** RFC 9110 §13.2.2: If-None-Match goes before If-Modified-Since. */
function isUnchanged(fields: ReadonlyMap<string, string>, etag: string, thisUpdate: number): boolean {
  const tags = fields.get('if-none-match');
  if (tags !== undefined)
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
  const since = fields.get('if-modified-since');
  return since !== undefined && Math.floor(thisUpdate / 1000) * 1000 <= Date.parse(since);
}

/** @param date the time of the answer's content: for a stored CRL, when its source gave it (RFC 9110 §6.6.1) */
function head(
  status: number,
  close: boolean,
  date: number,
  fields: readonly (readonly [string, string])[],
): Buffer {
  const all = [['Date', httpDate(date)], ...fields, ...(close ? [['Connection', 'close']] : [])].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}\r\n${all.join('')}\r\n`, 'latin1');
}

function httpDate(time: number): string {
  return new Date(time).toUTCString();
}

function seconds(milliseconds: number): string {
  return String(Math.floor(milliseconds / 1000));
}
