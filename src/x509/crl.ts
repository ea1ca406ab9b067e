import { hash } from 'node:crypto';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { CrlEntries } from './crl-entries.js';
import type { CrlEntry } from './crl-entry.js';
import { contextConstructed, DerReader, TAG } from './der.js';
import { writeElement } from './der-writer.js';
import { readFreshestCrl, readIssuingDistributionPoint } from './distribution-points.js';
import { ExtensionBit } from './extension-bit.js';
import { type ExtensionList, NO_EXTENSIONS, readExtensions } from './extension-list.js';
import type {
  AuthorityKeyIdentifier,
  DistributionPoint,
  Extension,
  IssuingDistributionPoint,
} from './extensions.js';
import { type Name, readIssuer } from './name.js';
import { sameBytes } from './same-bytes.js';
import { readAuthorityKeyIdentifier, readIssuerAltName } from './standard-extensions.js';
import { readTime } from './time.js';
import { malformed, X509Error } from './x509-error.js';

export type { CrlEntry } from './crl-entry.js';
export type { RevocationReason } from './revocation-reason.js';

/** The contents of a certificate revocation list (RFC 5280 §5), from its bytes or from an index of them. */
export interface CrlFacts {
  readonly issuer: Name;
  /** ms */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly extensions: readonly Extension[];
  /** §5.2.3 */
  readonly number: bigint | null;
  /** Has a delta CRL indicator (§5.2.4). */
  readonly isDelta: boolean;
  /** BaseCRLNumber of a delta CRL. */
  readonly baseNumber: bigint | null;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** Made of the whole: it tells CRLs of one time and number apart. */
  readonly signature: Uint8Array;
  /** revokedCertificates is there and holds nothing, which §5.1.2.6 forbids. */
  readonly hasEmptyList: boolean;
  /** The OID of the first critical entry extension that is not known: it voids the whole CRL (§5.3). */
  readonly criticalEntryExtension: string | undefined;
  /** Some entry names its certificate's issuer (§5.3.3), so this is an indirect CRL in fact. */
  readonly hasCertificateIssuer: boolean;
  /** See `findEntry`. */
  find(serial: Uint8Array, issuer: Name): CrlEntry | undefined;
  /**
   * Is the serial listed, and not taken off again, under an issuer whose name cannot be compared with this one, so that
   * it may be the same (§5.3.3)?
   */
  mayList(serial: Uint8Array, issuer: Name): boolean;
}

/**
 * A CRL as views into its bytes. Reading `criticalEntryExtension`, `hasCertificateIssuer` or `entryCount`, or the
 * first `find`, parses every entry, once.
 */
export interface Crl extends CrlFacts {
  readonly der: Uint8Array;
  /** The whole TBSCertList TLV: what is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2;
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprint: string;
  /** How many certificates are listed. */
  readonly entryCount: number;
  /** The range of the entries in `der`; empty if there are none. */
  readonly entriesFrom: number;
  readonly entriesTo: number;
}

/**
 * The CRL without its list, for one who keeps the entries elsewhere: what `parseCrl` reads again, with the signature
 * that was made of the whole.
 */
export function withoutEntries(crl: Crl): Uint8Array {
  const r = new DerReader(crl.tbs);
  r.expect(TAG.sequence, 'tbsCertList');
  const tbsFrom = r.from;
  const fields: Uint8Array[] = [];
  r.pos = tbsFrom;
  const entriesFrom = crl.entriesFrom - (crl.tbs.byteOffset - crl.der.byteOffset);
  while (!r.done) {
    r.next('tbsCertList');
    if (r.from !== entriesFrom || crl.entriesFrom === crl.entriesTo) fields.push(r.element());
  }
  return writeElement(
    TAG.sequence,
    writeElement(TAG.sequence, ...fields),
    crl.signatureAlgorithm.der,
    writeElement(TAG.bitString, Uint8Array.of(0), crl.signature),
  );
}

/**
 * Reads a CRL and its extensions, but not its entries; throws `X509Error`. The entries are read, all of them,
 * when one is first asked for.
 */
export function parseCrl(der: Uint8Array): Crl {
  return new CrlView(der);
}

/**
 * Looks a serial (content octets) up among the CRL's entries; parses every entry at the first call and throws
 * `X509Error` when one is malformed. `issuer` is the certificate's; by default the CRL's own.
 */
export function findEntry(
  crl: CrlFacts,
  serial: Uint8Array,
  issuer: Name = crl.issuer,
): CrlEntry | undefined {
  return crl.find(serial, issuer);
}

/**
 * Octets of all extensions of a CRL: they are read before its signature is checked. Those of real CRLs have some
 * hundreds.
 */
const MAX_EXTENSIONS = 65_536;

class CrlView implements Crl {
  readonly der: Uint8Array;
  readonly version: 1 | 2;
  readonly issuer: Name;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly number: bigint | null;
  readonly baseNumber: bigint | null;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  readonly hasEmptyList: boolean;
  private readonly tbsFrom: number;
  private readonly tbsTo: number;
  readonly entriesFrom: number;
  readonly entriesTo: number;
  private readonly signatureFrom: number;
  private readonly signatureTo: number;
  private readonly list: ExtensionList;
  private index: CrlEntries | undefined;
  private hex: string | undefined;

  constructor(der: Uint8Array) {
    const r = new DerReader(der);
    this.der = r.bytes;
    const outer = r.enter(TAG.sequence, 'CertificateList');

    this.tbsFrom = r.pos;
    const outerTbs = r.enter(TAG.sequence, 'tbsCertList');
    this.version = readVersion(r);
    r.expect(TAG.sequence, 'tbsCertList.signature');
    const innerFrom = r.tlv;
    const innerTo = r.to;
    this.issuer = readIssuer(r, 'issuer'); // §5.1.2.3
    this.thisUpdate = readTime(r, 'thisUpdate'); // §5.1.2.4
    // §5.1.2.5
    this.nextUpdate =
      r.peek() === TAG.utcTime || r.peek() === TAG.generalizedTime ? readTime(r, 'nextUpdate') : null;
    // §5.1.2.6
    const listed = r.peek() === TAG.sequence;
    if (listed) r.next('revokedCertificates');
    this.hasEmptyList = listed && r.from === r.to;
    this.entriesFrom = listed ? r.from : r.pos;
    this.entriesTo = r.pos;
    this.list = this.readList(r);
    r.leave(outerTbs, 'tbsCertList');
    this.tbsTo = r.pos;

    // §5.1.1.2, §5.1.2.2: the two are the same
    this.signatureAlgorithm = readAlgorithm(r, 'signatureAlgorithm');
    if (!sameBytes(der, innerFrom, innerTo, this.signatureAlgorithm.der))
      throw new X509Error('ALGORITHM_MISMATCH', 'signatureAlgorithm differs from the signed one');
    r.octetsAsBits('signatureValue');
    this.signatureFrom = r.from;
    this.signatureTo = r.to;
    r.leave(outer, 'CertificateList');
    if (r.pos !== der.length) throw malformed('CertificateList is followed by other data');

    const { list } = this;
    this.number = list.read(ExtensionBit.crlNumber, 'cRLNumber', readCrlNumber) ?? null;
    this.baseNumber = list.read(ExtensionBit.deltaCrlIndicator, 'deltaCRLIndicator', readCrlNumber) ?? null;
    this.issuingDistributionPoint = list.read(
      ExtensionBit.issuingDistributionPoint,
      'issuingDistributionPoint',
      readIssuingDistributionPoint,
    );
    this.authorityKeyIdentifier = list.read(
      ExtensionBit.authorityKeyIdentifier,
      'authorityKeyIdentifier',
      readAuthorityKeyIdentifier,
    );
    this.freshestCrl = list.read(ExtensionBit.freshestCrl, 'freshestCRL', readFreshestCrl);
    list.read(ExtensionBit.issuerAltName, 'issuerAltName', readIssuerAltName);
    this.index = undefined;
    this.hex = undefined;
  }

  /** §5.1.2.7: only in version 2. */
  private readList(r: DerReader): ExtensionList {
    if (r.peek() !== contextConstructed(0)) return NO_EXTENSIONS;
    if (this.version !== 2) throw malformed('crlExtensions stand in a version 1 CRL');
    const outer = r.enter(contextConstructed(0), 'crlExtensions');
    if (r.end - r.pos > MAX_EXTENSIONS)
      throw malformed(`crlExtensions have ${r.end - r.pos} octets, more than ${MAX_EXTENSIONS}`);
    const list = readExtensions(r, 'crlExtensions');
    r.leave(outer, 'crlExtensions');
    return list;
  }

  private get entries(): CrlEntries {
    const { der, entriesFrom, entriesTo, issuer, version } = this;
    return (this.index ??= new CrlEntries(der, entriesFrom, entriesTo, issuer, version));
  }

  get tbs(): Uint8Array {
    return this.der.subarray(this.tbsFrom, this.tbsTo);
  }
  get signature(): Uint8Array {
    return this.der.subarray(this.signatureFrom, this.signatureTo);
  }
  get extensions(): readonly Extension[] {
    return this.list.all;
  }
  get isDelta(): boolean {
    return this.baseNumber !== null;
  }
  get fingerprint(): string {
    return (this.hex ??= hash('sha256', this.der, 'hex'));
  }
  get entryCount(): number {
    return this.entries.count;
  }
  get criticalEntryExtension(): string | undefined {
    return this.entries.unknownCritical;
  }
  get hasCertificateIssuer(): boolean {
    return this.entries.hasCertificateIssuer;
  }

  find(serial: Uint8Array, issuer: Name): CrlEntry | undefined {
    return this.entries.find(serial, issuer, this.issuer);
  }

  mayList(serial: Uint8Array, issuer: Name): boolean {
    return this.entries.mayList(serial, issuer, this.issuer);
  }
}

/** §5.1.2.1: absent in version 1, else 2. */
function readVersion(r: DerReader): 1 | 2 {
  if (r.peek() !== TAG.integer) return 1;
  const version = r.unsigned('version');
  if (version !== 1) throw malformed(`version has the value ${version}`);
  return 2;
}

/** §5.2.3: "CRL verifiers MUST be able to handle CRLNumber values up to 20 octets." */
const MAX_NUMBER_OCTETS = 20;

function readCrlNumber(r: DerReader): bigint {
  r.integer('cRLNumber');
  const octets = r.content();
  if (octets[0]! & 0x80) throw malformed('cRLNumber is negative');
  if (octets.length > MAX_NUMBER_OCTETS + 1) throw malformed('cRLNumber is longer than 20 octets');
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}
