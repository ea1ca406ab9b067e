import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { escapeUnseen } from '../x509/name-format.js';
import { failureOf } from './failure.js';
import { named } from './named.js';
import type { PeerName } from './names/peer-name.js';
import type { Outcome } from './outcome.js';

/** Who was judged, for the verdict and its message. */
export interface Judged {
  /** As `formatName` writes it; `null` where the certificate could not be read. */
  readonly subject: string | null;
  readonly issuer: string | null;
  /** As `serialText` writes it. */
  readonly serial: string | null;
  /** How a message calls it. */
  readonly name: string;
  /** §4.2.1.9: says that it is a CA. */
  readonly isCa: boolean;
  /** The names that were asked for. */
  readonly names: readonly PeerName[];
}

const NO_NAMES: readonly PeerName[] = [];

/** Of a request whose certificate could not be read. */
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

/** Of a request into which nothing looked: its certificate is read for this alone, where it is small. */
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
 * The message of a verdict. A valid one names who was judged; what others chose, the name in the certificate, stands
 * behind what was checked, so that no name can pretend to a check.
 */
export function judgedText(outcome: Outcome, isValid: boolean, judged: Judged): string {
  const { message, forgiven } = outcome;
  const kind = judged.isCa ? 'the judged certificate is a CA: ' : '';
  if (!isValid) return kind + message;
  const aside = forgiven === undefined ? '' : `; forgiven: ${forgiven}`;
  return `${kind}${message}${namesText(judged.names)}: ${judged.name}${aside}`;
}

/** So many of the names asked for are written out. */
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

/** As the request's argument is called; only a mailbox may hold any character. */
function nameText({ kind, text }: PeerName): string {
  return `${KINDS[kind]} ${kind === 'rfc822' ? escapeUnseen(text, MAX_NAME) : text}`;
}
