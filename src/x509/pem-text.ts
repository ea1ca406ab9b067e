/**
 * What a line outside PEM blocks looks like, if it may itself be the intended certificate or a part of it; `undefined`
 * for explanatory text (RFC 7468 §2), such as the output of `openssl x509 -text` and the bag attributes of `openssl
 * pkcs12`. Such a line must not be ignored: the next block would be judged instead of it.
 */
export function lookOf(line: string): string | undefined {
  if (line.length > MAX_LINE) return `a line of ${line.length} characters`;
  if (BINARY.test(line)) return 'binary data (DER or UTF-16)';
  return plainLook(line) ?? (line.includes('%') ? percentLook(line) : undefined);
}

/** Characters. Explanatory text has no longer lines. */
const MAX_LINE = 65_536;
// oxlint-disable-next-line no-control-regex -- tab, line ends and the escape of coloured output are text; others are not
const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/;
/** A BEGIN or END line that does not begin its line, or has lost a dash. */
const ARMOUR = /-{4} ?(?:BEGIN|END)\b/i;

function plainLook(line: string): string | undefined {
  if (ARMOUR.test(line)) return 'a BEGIN or END line that is quoted or indented';
  const text = line.trim();
  if (RULER.test(text)) return undefined;
  if (HEX_LINE.test(text)) return 'hexadecimal';
  if (BASE64_LINE.test(text)) return 'base64 without BEGIN and END lines';
  return dumpLook(text) ?? tokenLook(text);
}

/** The form of nginx's `$ssl_client_escaped_cert`. */
function percentLook(line: string): string | undefined {
  const decoded = line.replaceAll(/%[\da-f]{2}/gi, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
  return decoded.split('\n').some((part) => plainLook(part) !== undefined)
    ? 'a percent-encoded certificate'
    : undefined;
}

/** One character over and over only separates. */
const RULER = /^(.)\1*$/u;
/** Characters from which on a line of this alphabet alone is data: an MD5 or a UUID without dashes, a key, DER. */
const HEX_LINE = /^(?:0x)?[\da-f]{32,}$/i;
/** RFC 4648 §4 and §5. Words that are as long have a space, a dot or a dash in them. */
const BASE64_LINE = /^(?:[A-Za-z\d+/]{32,}|[\w-]{60,})={0,2}$/;

/**
 * The first octets of a certificate or CRL: a SEQUENCE with a length of more than one octet, which begins with a
 * SEQUENCE. Numbers and signatures, which openssl prints in hexadecimal, too, do not begin so.
 */
const DER_HEAD = /(?<![\da-f][: ]?)30[: ]?8(?:1[: ]?..|2(?:[: ]?..){2}|3(?:[: ]?..){3})[: ]?30/;
/** The same in decimal numbers, as JSON writes octets. */
const DECIMAL_HEAD = /\b48, ?1(?:29(?:, ?\d+)|30(?:, ?\d+){2}|31(?:, ?\d+){3}), ?48\b/;
const OFFSET = /^[\da-f]{6,16}:?\s+(?=[\da-f]{2})/;

/** Octets as a dump, an array or a fingerprint has them. */
function dumpLook(text: string): string | undefined {
  if (!/30|48/.test(text)) return undefined;
  const plain = text.toLowerCase();
  const octets = plain.replaceAll(/0x|\\x|[,;]/g, '').replace(OFFSET, '');
  return DER_HEAD.test(octets) || DECIMAL_HEAD.test(plain) ? 'the octets of a certificate' : undefined;
}

/** Runs of base64 in a line that has something else, too: a name before it, quotes around it. */
const TOKEN = /[A-Za-z\d+/_-]{8,}/g;
/** Characters. Base64 of a digest is shorter, and so is a word. */
const LONG_TOKEN = 60;
/** `-----BEGIN` in base64, as in Kubernetes secrets. */
const ENCODED_ARMOUR = 'LS0tLS1CRUdJTi';

function tokenLook(text: string): string | undefined {
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith(ENCODED_ARMOUR)) return 'PEM that is encoded in base64 once more';
    const isLong =
      token.length >= LONG_TOKEN && /[g-z]/.test(token) && /[A-Z]/.test(token) && /\d/.test(token);
    if (isLong || beginsAsDer(token)) return 'base64 without BEGIN and END lines';
  }
  return undefined;
}

function beginsAsDer(token: string): boolean {
  // A SEQUENCE with a length of more than one octet is "MI" or "MIG" to "MIM" in base64.
  if (!token.startsWith('MI')) return false;
  return DER_HEAD.test(Buffer.from(token.slice(0, 16), 'base64').toString('hex'));
}
