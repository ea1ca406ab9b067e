import { withoutSecrets } from './secrets.js';

const MAX_SHOWN = 200;

/** A URL for people and logs: on one line, of bounded length, and without a user name or password. */
export function showUrl(url: string): string {
  const text = mayHoldSecrets(url) ? withoutSecrets(url) : url;
  const printable = /^[!-~]*$/.test(text) ? text : JSON.stringify(text);
  return printable.length > MAX_SHOWN ? `${printable.slice(0, MAX_SHOWN)}…` : printable;
}

/** Userinfo (RFC 3986 §3.2.1), also of a text that is not a valid URL. A path may contain an `@`, too. */
function mayHoldSecrets(text: string): boolean {
  if (!text.includes('://') || !URL.canParse(text)) return true;
  const { username, password, search } = new URL(text);
  return username !== '' || password !== '' || /\bpassword=/i.test(search);
}
