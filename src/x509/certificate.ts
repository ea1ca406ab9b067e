import { hash } from 'node:crypto';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { contextConstructed, contextPrimitive, DerReader, TAG } from './der.js';
import { type CertificateExtensions, KnownExtensions } from './certificate-extensions.js';
import { type ExtensionList, NO_EXTENSIONS, readExtensions } from './extension-list.js';
import type { Extension } from './extensions.js';
import { type Name, readIssuer, readName } from './name.js';
import { isPlainGoodKey } from './plain-key.js';
import { sameBytes } from './same-bytes.js';
import { serialText } from './serial-text.js';
import { readTime } from './time.js';
import { spendWork, WORK } from './work.js';
import { malformed, X509Error } from './x509-error.js';

export { parseAllExtensions } from './certificate-extensions.js';

/** A certificate as views into its bytes. */
export interface Certificate extends CertificateExtensions {
  readonly der: Uint8Array;
  /** The whole TBSCertificate TLV: what is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The content octets of the INTEGER. */
  readonly serial: Uint8Array;
  /** The same for people; see `serialText`. */
  readonly serialText: string;
  readonly issuer: Name;
  readonly subject: Name;
  /** Milliseconds since 1970, as all times here. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The whole SubjectPublicKeyInfo TLV. */
  readonly spki: Uint8Array;
  /** It is known as good by its octets: see `isPlainGoodKey`. */
  readonly hasPlainGoodKey: boolean;
  /** The algorithm's OID in it, dotted. */
  readonly keyAlgorithm: string;
  /** The octets of the BIT STRING in it. */
  readonly subjectPublicKey: Uint8Array;
  /** §4.1.2.8: has an issuerUniqueID or a subjectUniqueID. */
  readonly hasUniqueIds: boolean;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly extensions: readonly Extension[];
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprint: string;
}

/**
 * Reads a certificate (RFC 5280 §4.1) in DER; throws `X509Error`. Known extensions are checked only when read:
 * see `parseAllExtensions`.
 *
 * Accepted although a CA should not write it, because real ones do and it can mean only one thing:
 * - GeneralizedTime before 2050 (`time.ts`);
 * - `cA FALSE` written out (`standard-extensions.ts`), and the flags of an issuingDistributionPoint likewise
 *   (`distribution-points.ts`);
 * - trailing zero bits in named bits (`der.ts`);
 * - in names: attributes of an RDN out of order, values that are empty, too long or beyond their PrintableString
 *   (`name.ts`);
 * - any serial number that is an INTEGER, be it zero, negative or too long; dates in the wrong order; and, since
 *   the key is looked at only by `importPublicKey`, any algorithm with any key.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  return new CertificateView(der);
}

/** The OIDs of the critical extensions, dotted, in their order. */
export function criticalOids(certificate: { readonly extensions: readonly Extension[] }): string[] {
  return certificate.extensions.filter((e) => e.critical).map((e) => e.oid);
}

/** Keeps offsets; makes a view only when it is asked for. */
class CertificateView extends KnownExtensions implements Certificate {
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyAlgorithm: string;
  readonly hasUniqueIds: boolean;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  private readonly tbsFrom: number;
  private readonly tbsTo: number;
  private readonly serialFrom: number;
  private readonly serialTo: number;
  private readonly spkiFrom: number;
  private readonly spkiTo: number;
  private readonly keyFrom: number;
  private readonly signatureFrom: number;
  private readonly signatureTo: number;
  protected readonly list: ExtensionList;
  private hex: string | undefined;
  private serialView: Uint8Array | undefined;

  constructor(der: Uint8Array) {
    super();
    spendWork(WORK.certificate);
    const r = new DerReader(der);
    this.der = r.bytes;
    const outer = r.enter(TAG.sequence, 'Certificate');

    this.tbsFrom = r.pos;
    const outerTbs = r.enter(TAG.sequence, 'tbsCertificate');
    this.version = readVersion(r);
    r.integer('serialNumber'); // §4.1.2.2
    this.serialFrom = r.from;
    this.serialTo = r.to;
    r.expect(TAG.sequence, 'tbsCertificate.signature');
    const innerFrom = r.tlv;
    const innerTo = r.to;
    this.issuer = readIssuer(r, 'issuer'); // §4.1.2.4
    const outerValidity = r.enter(TAG.sequence, 'validity'); // §4.1.2.5
    this.notBefore = readTime(r, 'notBefore');
    this.notAfter = readTime(r, 'notAfter');
    r.leave(outerValidity, 'validity');
    this.subject = readName(r, 'subject'); // §4.1.2.6
    this.spkiFrom = r.pos;
    this.keyAlgorithm = readKeyAlgorithm(r);
    this.keyFrom = r.from;
    this.spkiTo = r.pos;
    const hasIssuerId = this.readUniqueId(r, 1, 'issuerUniqueID');
    this.hasUniqueIds = this.readUniqueId(r, 2, 'subjectUniqueID') || hasIssuerId;
    this.list = this.readList(r);
    r.leave(outerTbs, 'tbsCertificate');
    this.tbsTo = r.pos;

    // §4.1.1.2, §4.1.2.3: the two are the same
    this.signatureAlgorithm = readAlgorithm(r, 'signatureAlgorithm');
    if (!sameBytes(der, innerFrom, innerTo, this.signatureAlgorithm.der))
      throw new X509Error('ALGORITHM_MISMATCH', 'signatureAlgorithm differs from the signed one');
    r.octetsAsBits('signatureValue'); // §4.1.1.3
    this.signatureFrom = r.from;
    this.signatureTo = r.to;
    r.leave(outer, 'Certificate');
    if (r.pos !== der.length) throw malformed('Certificate is followed by other data');
    this.hex = undefined;
    this.serialView = undefined;
  }

  /** §4.1.2.8: only in versions 2 and 3. */
  private readUniqueId(r: DerReader, n: number, what: string): boolean {
    if (r.peek() !== contextPrimitive(n)) return false;
    if (this.version === 1) throw malformed(`${what} stands in a version 1 certificate`);
    r.bitString(what, contextPrimitive(n));
    return true;
  }

  /** §4.1.2.9: only in version 3. */
  private readList(r: DerReader): ExtensionList {
    if (r.peek() !== contextConstructed(3)) return NO_EXTENSIONS;
    if (this.version !== 3) throw malformed(`extensions stand in a version ${this.version} certificate`);
    const outer = r.enter(contextConstructed(3), 'extensions');
    const list = readExtensions(r, 'extensions');
    r.leave(outer, 'extensions');
    return list;
  }

  get tbs(): Uint8Array {
    return this.der.subarray(this.tbsFrom, this.tbsTo);
  }
  get serial(): Uint8Array {
    return (this.serialView ??= this.der.subarray(this.serialFrom, this.serialTo));
  }
  get serialText(): string {
    return serialText(this.der, this.serialFrom, this.serialTo);
  }
  get spki(): Uint8Array {
    return this.der.subarray(this.spkiFrom, this.spkiTo);
  }
  get hasPlainGoodKey(): boolean {
    return isPlainGoodKey(this.der, this.spkiFrom, this.spkiTo);
  }
  get subjectPublicKey(): Uint8Array {
    return this.der.subarray(this.keyFrom, this.spkiTo);
  }
  get signature(): Uint8Array {
    return this.der.subarray(this.signatureFrom, this.signatureTo);
  }
  get extensions(): readonly Extension[] {
    return this.list.all;
  }
  get fingerprint(): string {
    return (this.hex ??= hash('sha256', this.der, 'hex'));
  }
}

/**
 * §4.1.2.7: an algorithm and a key, of whatever kind; the kind is the matter of `importPublicKey`. Leaves the reader
 * on the BIT STRING.
 */
function readKeyAlgorithm(r: DerReader): string {
  const what = 'subjectPublicKeyInfo';
  const outer = r.enter(TAG.sequence, what);
  const { oid } = readAlgorithm(r, what);
  r.bitString(what);
  r.leave(outer, what);
  return oid;
}

/** §4.1.2.1. Version 1 is the DEFAULT and must not be written out. */
function readVersion(r: DerReader): 1 | 2 | 3 {
  if (r.peek() !== contextConstructed(0)) return 1;
  const outer = r.enter(contextConstructed(0), 'version');
  const version = r.unsigned('version');
  r.leave(outer, 'version');
  if (version === 1) return 2;
  if (version === 2) return 3;
  throw malformed(`version has the value ${version}`);
}
