const MAX_SHOWN = 200;
/** A user name and a password before the host (RFC 3986 §3.2.1). */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/** A URL for people and logs: on one line, not without end, and without a password. */
export function showUrl(text: string): string {
  const shown = text.replace(USER_INFO, '$1');
  const printable = /^[!-~]*$/.test(shown) ? shown : JSON.stringify(shown);
  return printable.length > MAX_SHOWN ? `${printable.slice(0, MAX_SHOWN)}…` : printable;
}
