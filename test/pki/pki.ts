import { randomBytes } from 'node:crypto';
import * as der from './der-builder.js';
import * as ext from './extensions.js';
import { algorithmOf, type Digest, type KeyPair, type KeyType, newKey, signWith } from './keys.js';

/** A certificate with its private key: can issue others. */
export interface Issued {
  readonly der: Buffer;
  readonly pem: string;
  readonly key: KeyPair;
  /** The subject, DER. */
  readonly name: der.Der;
  /** Content octets of the serial number. */
  readonly serial: der.Der;
}

/** Who signs: a certificate, or a bare name and key. */
export type Issuer = Pick<Issued, 'key' | 'name'>;

export interface CertificateOptions {
  /** A common name, or the DER of a Name. */
  readonly subject?: string | der.Der;
  /** Default `p-256`, freshly made. */
  readonly key?: KeyPair | KeyType;
  /** Default: self-signed. */
  readonly issuer?: Issuer;
  /** Default: 16 random octets. */
  readonly serial?: bigint | number;
  /** Default 2020. */
  readonly notBefore?: Date;
  /** Default the end of 2049. */
  readonly notAfter?: Date;
  /** Default 3; the extensions are left out below. */
  readonly version?: 1 | 2 | 3;
  /** Whole Extension elements; see `extensions.ts`. */
  readonly extensions?: readonly der.Der[];
  readonly digest?: Digest;
  /** How the two dates are written; default: as RFC 5280 §4.1.2.5 wants it. */
  readonly writeTime?: (date: Date) => der.Der;
  /** The BIT STRING's content of a subjectUniqueID. */
  readonly uniqueId?: der.Der;
  /** The two AlgorithmIdentifiers, where they are not to be the ones signed with. */
  readonly innerAlgorithm?: der.Der;
  readonly outerAlgorithm?: der.Der;
  /** Makes the signature a wrong one. */
  readonly breakSignature?: boolean;
}

/** Any certificate, right or wrong. */
export function createCertificate(options: CertificateOptions = {}): Issued {
  const { subject = 'subject', key: wantedKey = 'p-256', digest = 'sha256', version = 3 } = options;
  const key = typeof wantedKey === 'string' ? newKey(wantedKey) : wantedKey;
  const name = nameOf(subject);
  const issuer = options.issuer ?? { key, name };
  const algorithm = algorithmOf(issuer.key, digest);
  const serial = options.serial === undefined ? randomSerial() : der.integer(options.serial);
  const { notBefore = new Date('2020-01-01'), notAfter = new Date('2049-12-31'), extensions = [] } = options;
  const { writeTime = der.time, uniqueId } = options;
  const tbs = der.sequence(
    ...(version === 1 ? [] : [der.explicit(0, der.integer(version - 1))]),
    serial,
    options.innerAlgorithm ?? algorithm,
    issuer.name,
    der.sequence(writeTime(notBefore), writeTime(notAfter)),
    name,
    key.spki,
    ...(uniqueId === undefined ? [] : [der.implicit(2, uniqueId)]),
    ...(version === 3 && extensions.length > 0 ? [der.explicit(3, der.sequence(...extensions))] : []),
  );
  const signature = signWith(issuer.key, digest, options.breakSignature ? der.sequence(tbs) : tbs);
  const bytes = Buffer.from(der.sequence(tbs, options.outerAlgorithm ?? algorithm, der.bitString(signature)));
  return { der: bytes, pem: pemOf('CERTIFICATE', bytes), key, name, serial: serial.subarray(2) };
}

/** A self-signed CA. `extensions` are added to basicConstraints, keyUsage and subjectKeyIdentifier. */
export function createRoot(options: Omit<CertificateOptions, 'issuer'> = {}): Issued {
  return createCa({ subject: 'Test Root', ...options });
}

/** A CA under `issuer`; `pathLength` by default absent. */
export function createIntermediate(
  issuer: Issuer,
  options: CertificateOptions & { readonly pathLength?: number } = {},
): Issued {
  return createCa({ subject: 'Test Intermediate', ...options, issuer });
}

function createCa(options: CertificateOptions & { readonly pathLength?: number }): Issued {
  const { key: wantedKey = 'p-256', pathLength, extensions = [] } = options;
  const key = typeof wantedKey === 'string' ? newKey(wantedKey) : wantedKey;
  return createCertificate({
    ...options,
    key,
    extensions: [
      ext.basicConstraints(pathLength === undefined ? {} : { pathLength }),
      ext.keyUsage('keyCertSign', 'cRLSign'),
      ext.subjectKeyIdentifier(key.spki),
      ...(options.issuer === undefined ? [] : [ext.authorityKeyIdentifier(options.issuer.key.spki)]),
      ...extensions,
    ],
  });
}

/** A server's certificate; `extensions` are added to keyUsage, extendedKeyUsage, subjectAltName and AKI. */
export function createLeaf(
  issuer: Issuer,
  options: CertificateOptions & { readonly dns?: readonly string[]; readonly ip?: readonly number[][] } = {},
): Issued {
  const { dns = ['leaf.example'], ip = [], extensions = [] } = options;
  return createCertificate({
    subject: dns[0] ?? 'leaf',
    ...options,
    issuer,
    extensions: [
      ext.keyUsage('digitalSignature'),
      ext.extendedKeyUsage('1.3.6.1.5.5.7.3.1'),
      ext.subjectAltName(
        ...dns.map(ext.generalName.dns),
        ...ip.map((octets) => ext.generalName.ip(...octets)),
      ),
      ext.authorityKeyIdentifier(issuer.key.spki),
      ...extensions,
    ],
  });
}

export interface RevokedEntry {
  /** Content octets, as in `Issued`, or the number. */
  readonly serial: der.Der | bigint | number;
  /** Default: an hour ago. */
  readonly date?: Date;
  /** Default: none; see `reasonCode`. */
  readonly extensions?: readonly der.Der[];
}

export interface CrlOptions {
  readonly revoked?: readonly RevokedEntry[];
  /** Default: an hour ago. */
  readonly thisUpdate?: Date;
  /** Default: in a week; `null`: none. */
  readonly nextUpdate?: Date | null;
  /** Default: a CRL number of 1 and the AKI. */
  readonly extensions?: readonly der.Der[];
  /** Default 2; the extensions are left out below. */
  readonly version?: 1 | 2;
  /** revokedCertificates is there, though it holds nothing. */
  readonly hasEmptyList?: boolean;
  readonly digest?: Digest;
  /** The two AlgorithmIdentifiers, where they are not to be the ones signed with. */
  readonly innerAlgorithm?: der.Der;
  readonly outerAlgorithm?: der.Der;
  readonly breakSignature?: boolean;
}

const HOUR = 3_600_000;

export function createCrl(issuer: Issuer, options: CrlOptions = {}): { der: Buffer; pem: string } {
  const { revoked = [], version = 2, digest = 'sha256' } = options;
  const {
    thisUpdate = new Date(Date.now() - HOUR),
    nextUpdate = new Date(Date.now() + 7 * 24 * HOUR),
    extensions = [ext.authorityKeyIdentifier(issuer.key.spki), ext.crlNumber(1)],
  } = options;
  const algorithm = algorithmOf(issuer.key, digest);
  const tbs = der.sequence(
    ...(version === 1 ? [] : [der.integer(1)]),
    options.innerAlgorithm ?? algorithm,
    issuer.name,
    der.time(thisUpdate),
    ...(nextUpdate === null ? [] : [der.time(nextUpdate)]),
    ...(revoked.length === 0 && options.hasEmptyList !== true
      ? []
      : [der.element(0x30, Buffer.concat(revoked.map(revokedEntry)))]),
    ...(version === 1 || extensions.length === 0 ? [] : [der.explicit(0, der.sequence(...extensions))]),
  );
  const signature = signWith(issuer.key, digest, options.breakSignature ? der.sequence(tbs) : tbs);
  const bytes = Buffer.from(der.sequence(tbs, options.outerAlgorithm ?? algorithm, der.bitString(signature)));
  return { der: bytes, pem: pemOf('X509 CRL', bytes) };
}

function revokedEntry({
  serial,
  date = new Date(Date.now() - HOUR),
  extensions = [],
}: RevokedEntry): der.Der {
  return der.sequence(
    serial instanceof Uint8Array ? der.element(0x02, serial) : der.integer(serial),
    der.time(date),
    ...(extensions.length === 0 ? [] : [der.sequence(...extensions)]),
  );
}

export function pemOf(label: string, bytes: der.Der): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

const nameOf = (subject: string | der.Der): der.Der =>
  typeof subject === 'string' ? der.commonName(subject) : subject;

function randomSerial(): der.Der {
  const octets = randomBytes(16);
  octets[0] = (octets[0]! & 0x3f) | 0x40;
  return der.element(0x02, octets);
}
