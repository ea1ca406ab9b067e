/** A request's head as far as the proxy needs it. */
export interface HttpHead {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  /** By lower-case name; values of the same name are joined by commas. */
  readonly fields: ReadonlyMap<string, string>;
}

/** An invalid request, with the status to answer. Its connection is closed. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!-~]{1,4096}) HTTP\/1\.([01])$/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\t \x21-\x7E\x80-\xFF]*$/;
const HOST = /^[0-9A-Za-z._~!$&'()*+;=%:[\]-]*$/;
const MAX_FIELDS = 100;

/**
 * Reads a request line and header fields (RFC 9112 §3, §5), without the empty line that ends them. Strict, since input
 * that two readers understand differently allows request smuggling: no bare CR or LF, no folding, no body. Throws
 * `HttpError`.
 */
export function parseHttpHead(text: string): HttpHead {
  const [first = '', ...lines] = text.split('\r\n');
  const [, method = '', target = '', minor] = REQUEST_LINE.exec(first) ?? [];
  if (minor === undefined) throw new HttpError(400, 'this is not a request line of HTTP/1.1');
  if (lines.length > MAX_FIELDS)
    throw new HttpError(431, `a request has at most ${MAX_FIELDS} header fields`);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [name, value] = readField(line);
    const known = fields.get(name);
    if (known !== undefined && SINGLE.has(name)) throw new HttpError(400, `two fields ${name}`);
    fields.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  const host = fields.get('host');
  if (host === undefined ? minor === '1' : !HOST.test(host))
    throw new HttpError(
      400,
      host === undefined ? 'the field Host is missing' : 'the field Host is malformed',
    );
  if (fields.has('transfer-encoding') || (fields.get('content-length') ?? '0') !== '0')
    throw new HttpError(400, 'a request for a CRL has no content');
  return { method, target, minor: minor === '1' ? 1 : 0, fields };
}

/** Without one regular expression for the whole line, whose time would grow with the square of the number of blanks. */
function readField(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  const value = line.slice(colon + 1);
  if (!FIELD_NAME.test(name) || !FIELD_VALUE.test(value))
    throw new HttpError(400, 'a header field is malformed');
  return [name.toLowerCase(), value.trim()];
}

const SINGLE: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding']);

/** The words of a list in lower case, for `Connection` and `Cache-Control`. */
export function wordsOf(value: string | undefined): ReadonlySet<string> {
  return new Set((value ?? '').split(',').map((word) => word.trim().toLowerCase()));
}
