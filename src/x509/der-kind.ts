import { contextConstructed, DerReader, TAG } from './der.js';
import { malformed, X509Error } from './x509-error.js';

/** The kind of a DER value, by its outermost elements. */
export type DerKind =
  | 'certificate'
  | 'crl'
  | 'ocsp'
  | 'cms'
  | 'certificate request'
  | 'PKCS #12 store'
  | 'private key'
  | 'public key';

/**
 * The length in octets of the DER value that begins here, a SEQUENCE, by its header (X.690 §8.1.3), header included;
 * `undefined` where none begins. A text may begin with its tag, the character 0.
 */
export function sequenceLength(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== TAG.sequence) return undefined;
  const first = bytes[1] ?? 0x80;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4 || bytes.length < 2 + octets) return undefined;
  let length = 0;
  for (let index = 2; index < 2 + octets; index++) length = length * 256 + (bytes[index] ?? 0);
  return 2 + octets + length;
}

/** Whether this is one complete DER SEQUENCE with nothing after it. */
export function isWholeSequence(bytes: Uint8Array): boolean {
  return sequenceLength(bytes) === bytes.length;
}

/**
 * The structure of a whole DER SEQUENCE: the tags of its elements and, where the first is a SEQUENCE, of the elements
 * in that. `undefined` for a structure that is none of the known ones, which may be a broken one.
 */
export function derKind(der: Uint8Array): DerKind | undefined {
  const tags = tagsOf(der);
  if (tags === undefined) return undefined;
  return KINDS.find(([, pattern]) => pattern.test(tags))?.[0];
}

/**
 * Tags in hexadecimal, the elements of a first SEQUENCE in parentheses: a certificate is `(a002303030303000…)3003`.
 * tbsCertificate: version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo (RFC 5280 §4.1);
 * tbsCertList: version, signature, issuer, thisUpdate (§5.1); CertificationRequestInfo: version, subject,
 * subjectPKInfo, attributes [0] (RFC 2986 §4); OCSPResponse: responseStatus (RFC 6960 §4.2.1); ContentInfo: contentType
 * (RFC 5652 §3); PFX: version, authSafe (RFC 7292 §4); PrivateKeyInfo, RSAPrivateKey, ECPrivateKey, encrypted keys
 * (RFC 5208 §5, §6; RFC 8017 A.1.2; RFC 5915 §3); SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
 */
const KINDS: readonly (readonly [DerKind, RegExp])[] = [
  ['certificate', /^\((?:a0)?023030303030(?:[0-9a-f]{2})*\)3003$/],
  ['crl', /^\((?:02)?30301[78](?:[0-9a-f]{2})*\)3003$/],
  ['certificate request', /^\(023030a0\)3003$/],
  ['ocsp', /^0a(?:a0)?$/],
  ['cms', /^06(?:a0)?$/],
  ['PKCS #12 store', /^0230(?:30)?$/],
  ['private key', /^(?:023004(?:a0|a1|81)*|0202(?:02)+|0204(?:a0)?(?:a1)?|\(0630\)04)$/],
  ['public key', /^\(06(?:[0-9a-f]{2})?\)03$/],
];

/** No known structure has more elements: tbsCertificate has ten. */
const MAX_ELEMENTS = 12;

function tagsOf(der: Uint8Array): string | undefined {
  try {
    const r = new DerReader(der);
    const outer = r.enter(TAG.sequence, 'value');
    let tags = '';
    if (r.peek() === TAG.sequence) {
      const inner = r.enter(TAG.sequence, 'value');
      tags = `(${elementTags(r)})`;
      r.leave(inner, 'value');
    }
    tags += elementTags(r);
    r.leave(outer, 'value');
    return tags;
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    return undefined;
  }
}

function elementTags(r: DerReader): string {
  let tags = '';
  for (let count = 0; !r.done; count++) {
    if (count === MAX_ELEMENTS) throw malformed('the value has too many elements');
    r.next('value');
    tags += r.tag.toString(16).padStart(2, '0');
  }
  return tags;
}

/**
 * OpenSSL's trust settings (X509_CERT_AUX), which follow the certificate in a block with the label TRUSTED CERTIFICATE.
 */
export interface TrustedCertificate {
  readonly certificate: Uint8Array;
  readonly hasSettings: boolean;
  /** The settings name uses for which the certificate is not to be trusted. */
  readonly isDistrusted: boolean;
}

/** Throws `X509Error` if something else follows the certificate. */
export function splitTrusted(bytes: Uint8Array): TrustedCertificate {
  const r = new DerReader(bytes);
  r.expect(TAG.sequence, 'certificate');
  const certificate = r.element();
  if (r.done) return { certificate, hasSettings: false, isDistrusted: false };
  const outer = r.enter(TAG.sequence, 'trust settings');
  let isDistrusted = false;
  while (!r.done) {
    r.next('trust settings');
    // X509_CERT_AUX: trust SEQUENCE OPTIONAL, reject [0] OPTIONAL, alias, keyid, other.
    if (r.tag === contextConstructed(0) && r.to > r.from) isDistrusted = true;
  }
  r.leave(outer, 'trust settings');
  r.finish('TRUSTED CERTIFICATE');
  return { certificate, hasSettings: true, isDistrusted };
}
