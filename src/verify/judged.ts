import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { escapeUnseen } from '../x509/name-format.js';
import { failureOf } from './failure.js';
import { named } from './named.js';
import type { PeerName } from './names/peer-name.js';
import type { Outcome } from './outcome.js';

/** The names of the judged certificate, for the verdict and its message. */
export interface Judged {
  /** The form of `formatName`; `null` if the certificate cannot be read. */
  readonly subject: string | null;
  readonly issuer: string | null;
  /** The form of `serialText`. */
  readonly serial: string | null;
  /** How a message calls it. */
  readonly name: string;
  /** §4.2.1.9: says that it is a CA. */
  readonly isCa: boolean;
  /** The names that were asked for. */
  readonly names: readonly PeerName[];
}

const NO_NAMES: readonly PeerName[] = [];

/** For a request whose certificate cannot be read. */
export const UNREADABLE: Judged = {
  subject: null,
  issuer: null,
  serial: null,
  name: '',
  isCa: false,
  names: NO_NAMES,
};

export function judgedOf(leaf: Certificate, names: readonly PeerName[] = NO_NAMES): Judged {
  return {
    subject: leaf.subject.text,
    issuer: leaf.issuer.text,
    serial: leaf.serialText,
    name: named(leaf),
    isCa: saysThatItIsCa(leaf),
    names,
  };
}

/** Octets: of a request that is too large, a longer certificate is not looked into either. */
const MAX_LOOK = 65_536;

/** For a request that was not processed: its certificate is read only for this, if it is small. */
export function judgedUnread(leaf: Uint8Array | undefined): Judged {
  if (leaf === undefined || leaf.length > MAX_LOOK) return UNREADABLE;
  try {
    return judgedOf(parseCertificate(leaf));
  } catch (error) {
    failureOf(error);
    return UNREADABLE;
  }
}

function saysThatItIsCa(leaf: Certificate): boolean {
  try {
    return leaf.basicConstraints?.ca === true;
  } catch (error) {
    // A broken extension is the validator's finding.
    failureOf(error);
    return false;
  }
}

/**
 * The message of a verdict. A valid one names the judged certificate; its name, which its holder chose, comes after the
 * checked names, so that no name can look like a check.
 */
export function judgedText(outcome: Outcome, isValid: boolean, judged: Judged): string {
  const { message, forgiven } = outcome;
  const kind = judged.isCa ? 'the judged certificate is a CA: ' : '';
  if (!isValid) return kind + message;
  const aside = forgiven === undefined ? '' : `; forgiven: ${forgiven}`;
  return `${kind}${message}${namesText(judged.names)}: ${judged.name}${aside}`;
}

/** The most requested names that are written out. */
const MAX_NAMES = 3;
/** Characters of each. */
const MAX_NAME = 256;
const KINDS = { dns: 'host', ip: 'ip', rfc822: 'email' } as const;

function namesText(names: readonly PeerName[]): string {
  const only = names[0];
  if (only === undefined) return '';
  if (names.length === 1) return ` for ${nameText(only)}`;
  const shown = names.slice(0, MAX_NAMES).map(nameText).join(', ');
  return ` for ${shown}${names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''}`;
}

/** By the name of the request's argument; only a mailbox may contain any character. */
function nameText({ kind, text }: PeerName): string {
  return `${KINDS[kind]} ${kind === 'rfc822' ? escapeUnseen(text, MAX_NAME) : text}`;
}
