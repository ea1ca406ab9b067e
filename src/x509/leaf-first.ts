import type { Buffer } from 'node:buffer';
import { type Certificate, parseCertificate } from './certificate.js';
import { ContentError } from './content-error.js';
import { sameName } from './name.js';
import type { PkiObjects } from './pki-objects.js';
import { X509Error } from './x509-error.js';

/**
 * The certificates of a request, the one in question first. PEM keeps the order in which they were given. A CMS message
 * does not (its certificates are a SET), so from a message that comes first that certificate is taken which issued no
 * other in it.
 *
 * @throws ContentError where the message has more than one such certificate, or none
 */
export function leafFirst({ certificates, inFirstMessage: count }: PkiObjects): readonly Buffer[] {
  if (count < 2) return certificates;
  const message = certificates.slice(0, count);
  const leaf = onlyLeafOf(message);
  return [leaf, ...message.filter((der) => der !== leaf), ...certificates.slice(count)];
}

function onlyLeafOf(message: readonly Buffer[]): Buffer {
  const parsed = message.map(parsedOrUndefined);
  const leaves = message.filter((_, index) => !isIssuerOfAnother(parsed, index));
  const [leaf, other] = leaves;
  if (leaf !== undefined && other === undefined) return leaf;
  throw new ContentError(
    'WRONG_CONTENT',
    `the CMS message holds ${message.length} certificates, of which ${leaves.length} issued none of the others, ` +
      'so it does not tell which one is meant: put that one before it, as a CERTIFICATE block',
  );
}

/** A certificate that cannot be read may be the one in question: it counts as one that issued none. */
function isIssuerOfAnother(parsed: readonly (Certificate | undefined)[], index: number): boolean {
  const own = parsed[index];
  if (own === undefined) return false;
  return parsed.some(
    (other, at) => at !== index && other !== undefined && sameName(other.issuer, own.subject),
  );
}

function parsedOrUndefined(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    return undefined;
  }
}
