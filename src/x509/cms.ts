import { contextConstructed, DerReader, TAG } from './der.js';
import { OID } from './oid.js';
import { malformed } from './x509-error.js';

/** The contents of a certs-only message, each DER. Both are SETs, so their order has no meaning. */
export interface CmsContent {
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
}

/**
 * The certificates and CRLs of a certs-only CMS message (RFC 5652 §5.1; RFC 5280 §4.2.2.1), in DER. They are not
 * parsed, and the message's own signatures, if it has any, are not looked at. Throws `X509Error`.
 */
export function readCertsOnly(der: Uint8Array): CmsContent {
  const r = new DerReader(der);
  r.enter(TAG.sequence, 'ContentInfo');
  if (r.oid('contentType') !== OID.signedData)
    throw malformed('the CMS message is not a certs-only one (SignedData)');
  r.enter(contextConstructed(0), 'content');
  r.enter(TAG.sequence, 'SignedData');
  r.integer('version');
  r.expect(TAG.set, 'digestAlgorithms');
  r.expect(TAG.sequence, 'encapContentInfo');
  return {
    certificates: sequencesIn(r, contextConstructed(0), 'certificates'),
    crls: sequencesIn(r, contextConstructed(1), 'crls'),
  };
}

/**
 * An implicit SET of choices. The other choices, attribute certificates and revocation information of other formats,
 * have tags of their own and are left out.
 */
function sequencesIn(r: DerReader, tag: number, what: string): Uint8Array[] {
  if (r.peek() !== tag) return [];
  const found: Uint8Array[] = [];
  const outer = r.enter(tag, what);
  while (!r.done) {
    r.next(what);
    if (r.tag === TAG.sequence) found.push(Uint8Array.from(r.element()));
  }
  r.leave(outer, what);
  return found;
}
