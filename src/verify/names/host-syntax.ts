const MAX_HOST = 253;
const MAX_LABEL = 63;
const HYPHEN = 0x2d;
const DOT = 0x2e;

/** Characters that a label may have, by their codes: letters, digits, hyphens, underscores. */
const IN_LABEL = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[a-z\d_-]/i.test(String.fromCharCode(code))),
);

/**
 * Is it a host name (RFC 1123 §2.1), with underscores allowed: labels of 1 to 63 letters, digits, hyphens and
 * underscores, no hyphen first or last, 253 characters in all and no dot at the end? Read by hand: a request asks
 * this for each name, and a regular expression with the same meaning takes five times as long.
 */
export function isHostName(text: string): boolean {
  if (text.length > MAX_HOST) return false;
  let label = 0;
  let last = DOT;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (last === DOT || last === HYPHEN) return false;
      label = 0;
    } else {
      if (IN_LABEL[code] !== 1 || (label === 0 && code === HYPHEN)) return false;
      label += 1;
      if (label > MAX_LABEL) return false;
    }
    last = code;
  }
  return last !== DOT && last !== HYPHEN;
}
