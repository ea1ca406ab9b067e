import type { Certificate } from '../../x509/certificate.js';
import { spkiId } from './ca-key.js';
import { quietly } from '../failure.js';
import { named } from '../named.js';

/** Distinguishes keys of the same name, when a CA has renewed its key or two CAs share a name. */
type KeyHolder = Pick<Certificate, 'subject' | 'serialText' | 'subjectKeyIdentifier' | 'spki'>;

/** `CN=Example CA (key 5f3a…)`: for messages in which it matters whose key it is, and which. */
export function keyHolder(holder: KeyHolder): string {
  return `${named(holder)} (${keyName(holder)})`;
}

/** By the subjectKeyIdentifier (RFC 5280 §4.2.1.2), else by the SHA-256 of the SubjectPublicKeyInfo. */
export function keyName(holder: Pick<Certificate, 'subjectKeyIdentifier' | 'spki'>): string {
  const identifier = identifierOf(holder);
  return identifier === undefined
    ? `key of SHA-256 ${spkiId(holder.spki).slice(0, 2 * SHOWN_DIGEST)}…`
    : `key ${identifierText(identifier)}`;
}

/** Octets of a digest that tell keys apart. */
const SHOWN_DIGEST = 8;
/** Octets of an identifier: a SHA-1 is shown whole, a longer one is cut. */
const SHOWN_IDENTIFIER = 20;

/** A key identifier in lower-case hexadecimal. */
export function identifierText(identifier: Uint8Array): string {
  const shown = Buffer.from(identifier.subarray(0, SHOWN_IDENTIFIER)).toString('hex');
  return identifier.length > SHOWN_IDENTIFIER ? `${shown}…` : shown;
}

/**
 * The key that the authorityKeyIdentifier of a certificate or CRL names (§4.2.1.1, §5.2.1), if it is not the holder's;
 * otherwise `undefined`.
 */
export function otherKeyNamed(
  signed: Pick<Certificate, 'authorityKeyIdentifier'>,
  holder: Pick<Certificate, 'subjectKeyIdentifier'>,
): string | undefined {
  const wanted = namedKey(signed);
  const own = identifierOf(holder);
  if (wanted === undefined || own === undefined || Buffer.compare(wanted, own) === 0) return undefined;
  return identifierText(wanted);
}

/** The keyIdentifier of an authorityKeyIdentifier; a broken extension has none, and is found elsewhere. */
export function namedKey(signed: Pick<Certificate, 'authorityKeyIdentifier'>): Uint8Array | undefined {
  return quietly(() => signed.authorityKeyIdentifier?.keyIdentifier);
}

function identifierOf(holder: Pick<Certificate, 'subjectKeyIdentifier'>): Uint8Array | undefined {
  return quietly(() => holder.subjectKeyIdentifier);
}
