import { isUtf8 } from 'node:buffer';
import { REVOCATION_MODES, type RevocationMode } from '../revocation-mode.js';
import type { VerifyRequest } from '../wire/request.js';
import { notPermitted, RequestError } from './request-error.js';

/** The arguments of VERIFY. */
export type VerifyArguments = Omit<VerifyRequest, 'certificates' | 'crls' | 'ocsp' | 'anchors'> & {
  readonly id: string;
};

/** The id in the answer to a request without `id=`. */
export const NO_ID = '-';

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\0-\x7f]*$/;
const ID = /^[\x21-\x7e]{1,64}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const ONCE = ['id', 'profile', 'purpose', 'at', 'revocation'];
const REPEATED = ['host', 'ip', 'email'];

/** The permission that an argument needs. */
const PERMISSION_OF: Readonly<Record<string, string>> = {
  profile: 'profiles',
  at: 'at',
  revocation: 'revocation',
};

/**
 * Reads `key=value` words, whose characters are the octets of UTF-8. The id is read first, so that the answer to an
 * error in another word has it; see `idOf`.
 */
export function parseArguments(words: readonly string[], permits: ReadonlySet<string>): VerifyArguments {
  const values = new Map<string, string[]>();
  for (const octets of words) {
    const word = textOf(octets);
    const [key, value] = split(word);
    const permission = PERMISSION_OF[key];
    if (permission !== undefined && !permits.has(permission)) throw notPermitted(`${key}=`, permission);
    const earlier = values.get(key);
    if (earlier === undefined) values.set(key, [value]);
    else if (ONCE.includes(key)) throw bad(word, `${key}= is given twice`);
    else earlier.push(value);
  }
  const one = (key: string): string | undefined => values.get(key)?.[0];
  const [profile, purpose, at, revocation] = [one('profile'), one('purpose'), one('at'), one('revocation')];
  const [hosts, ips, emails] = [values.get('host'), values.get('ip'), values.get('email')];
  return {
    id: idOf(words),
    ...(profile !== undefined && { profile }),
    ...(purpose !== undefined && { purpose }),
    ...(hosts && { hosts }),
    ...(ips && { ips }),
    ...(emails && { emails }),
    ...(at !== undefined && { at: parseInstant(at) }),
    ...(revocation !== undefined && { revocation: parseMode(revocation) }),
  };
}

/** The request's id, or `-` if it has no valid one. */
export function idOf(words: readonly string[]): string {
  const id = words.find((word) => word.startsWith('id='))?.slice('id='.length);
  return id !== undefined && ID.test(id) ? id : NO_ID;
}

/**
 * Lines are read as Latin-1, each character an octet, and decoded here as UTF-8; read as Latin-1, a name would be a
 * different one.
 */
function textOf(octets: string): string {
  if (ASCII.test(octets)) return octets;
  const bytes = Buffer.from(octets, 'latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const shown = octets.replaceAll(/[^\x20-\x7e]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16)}`);
  throw bad(
    shown,
    'an argument is UTF-8, and this is not; a host name may also be written in A-labels (xn--)',
  );
}

function split(word: string): [string, string] {
  const equals = word.indexOf('=');
  const key = word.slice(0, Math.max(equals, 0));
  const value = word.slice(equals + 1);
  if (!ONCE.includes(key) && !REPEATED.includes(key)) {
    throw bad(word, `the arguments are ${[...ONCE, ...REPEATED].map((name) => `${name}=`).join(' ')}`);
  }
  if (value === '') throw bad(word, 'the value is empty');
  if (key === 'id' && !ID.test(value)) throw bad(word, 'an id is 1 to 64 printable ASCII characters');
  return [key, value];
}

/** Certificates and CRLs have times in whole seconds, so fractions are dropped. */
function parseInstant(text: string): number {
  const milliseconds = INSTANT.test(text) ? Date.parse(text) : NaN;
  const seconds = Math.floor(milliseconds / 1000) * 1000;
  // Date.parse accepts 30 February as 1 or 2 March; formatted again, it differs.
  if (Number.isNaN(seconds) || new Date(seconds).toISOString().slice(0, 19) !== text.slice(0, 19)) {
    throw bad(`at=${text}`, 'an instant is written like 2026-03-31T12:00:00Z');
  }
  return seconds;
}

function parseMode(text: string): RevocationMode {
  const mode = REVOCATION_MODES.find((known) => known === text);
  if (mode === undefined) throw bad(`revocation=${text}`, `the modes are ${REVOCATION_MODES.join(', ')}`);
  return mode;
}

function bad(word: string, why: string): RequestError {
  return new RequestError('BAD_ARGUMENT', `"${word.slice(0, 80)}": ${why}`);
}
