import { createHash } from 'node:crypto';
import { DerReader, TAG } from '../../src/x509/der.js';
import { OID } from '../../src/x509/oid.js';
import * as der from './der-builder.js';
import * as ext from './extensions.js';
import { algorithmOf, type Digest, signWith } from './keys.js';
import { type CertificateOptions, createCertificate, type Issued, type Issuer, pemOf } from './pki.js';

type Hash = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

export interface SingleOptions {
  /** Default: good. */
  readonly status?: 'good' | 'unknown' | { readonly date: Date; readonly reason?: number };
  /** Default: an hour ago. */
  readonly thisUpdate?: Date;
  /** Default: in a week; `null`: none. */
  readonly nextUpdate?: Date | null;
  /** Of the CertID; default SHA-1, as responders do. */
  readonly hash?: Hash;
  /** The hash's AlgorithmIdentifier; default with NULL. */
  readonly hashAlgorithm?: der.Der;
  /** Whose name, and whose key, the CertID holds; default: the issuer's. */
  readonly issuerName?: der.Der;
  readonly issuerSpki?: der.Der;
  readonly extensions?: readonly der.Der[];
}

export interface OcspOptions {
  /** Default: the issuer. */
  readonly signer?: Issuer;
  /** Default: the signer's name. */
  readonly responder?: 'name' | 'key' | der.Der;
  /** Default: an hour ago. */
  readonly producedAt?: Date;
  /** Certificates sent along; default none. */
  readonly certificates?: readonly Issued[];
  readonly extensions?: readonly der.Der[];
  readonly digest?: Digest;
  /** Where it is not to be the one signed with. */
  readonly algorithm?: der.Der;
  readonly breakSignature?: boolean;
}

const HOUR = 3_600_000;

/** A SingleResponse on a certificate of `issuer`. */
export function singleResponse(certificate: Issued, issuer: Issuer, options: SingleOptions = {}): der.Der {
  const { status = 'good', hash = 'sha1', extensions = [] } = options;
  const {
    thisUpdate = new Date(Date.now() - HOUR),
    nextUpdate = new Date(Date.now() + 7 * 24 * HOUR),
    hashAlgorithm = der.sequence(der.oid(OID[hash]), der.derNull()),
  } = options;
  const certId = der.sequence(
    hashAlgorithm,
    der.octetString(digestOf(hash, options.issuerName ?? issuer.name)),
    der.octetString(digestOf(hash, keyOctets(options.issuerSpki ?? issuer.key.spki))),
    der.element(0x02, certificate.serial),
  );
  return der.sequence(
    certId,
    statusOf(status),
    der.generalizedTime(thisUpdate),
    ...(nextUpdate === null ? [] : [der.explicit(0, der.generalizedTime(nextUpdate))]),
    ...(extensions.length === 0 ? [] : [der.explicit(1, der.sequence(...extensions))]),
  );
}

/** A BasicOCSPResponse in its OCSPResponse, with these SingleResponses. */
export function ocspResponse(
  issuer: Issuer,
  singles: readonly der.Der[],
  options: OcspOptions = {},
): { der: Buffer; pem: string } {
  const { signer = issuer, responder = 'name', extensions = [] } = options;
  const tbs = der.sequence(
    responderId(signer, responder),
    der.generalizedTime(options.producedAt ?? new Date(Date.now() - HOUR)),
    der.sequence(...singles),
    ...(extensions.length === 0 ? [] : [der.explicit(1, der.sequence(...extensions))]),
  );
  const bytes = signedResponse(tbs, signer, options);
  return { der: bytes, pem: pemOf('OCSP RESPONSE', bytes) };
}

/** ResponseData, or what goes for it, signed and in its envelopes. */
export function signedResponse(tbs: der.Der, signer: Issuer, options: OcspOptions = {}): Buffer {
  const { digest = 'sha256', certificates = [] } = options;
  const signature = signWith(signer.key, digest, options.breakSignature ? der.sequence(tbs) : tbs);
  const sent = certificates.map((certificate) => certificate.der);
  const basic = der.sequence(
    tbs,
    options.algorithm ?? algorithmOf(signer.key, digest),
    der.bitString(signature),
    ...(sent.length === 0 ? [] : [der.explicit(0, der.sequence(...sent))]),
  );
  const answer = der.sequence(der.oid(OID.ocspBasic), der.octetString(basic));
  return Buffer.from(der.sequence(der.enumerated(0), der.explicit(0, answer)));
}

/** An OCSPResponse without an answer; 3 is tryLater. */
export const ocspRefusal = (status: number): Buffer => Buffer.from(der.sequence(der.enumerated(status)));

/** A delegated responder's certificate. `extensions` stand in place of EKU and nocheck. */
export function createResponder(issuer: Issuer, options: CertificateOptions = {}): Issued {
  return createCertificate({
    subject: 'Test Responder',
    issuer,
    extensions: [ext.keyUsage('digitalSignature'), ext.extendedKeyUsage(OID.ocspSigning), noCheck()],
    ...options,
  });
}

/** id-pkix-ocsp-nocheck. */
export const noCheck = (): der.Der => ext.extension(OID.ocspNoCheck, der.derNull());

function responderId(signer: Issuer, responder: 'name' | 'key' | der.Der): der.Der {
  if (responder === 'name') return der.explicit(1, signer.name);
  if (responder === 'key')
    return der.explicit(2, der.octetString(digestOf('sha1', keyOctets(signer.key.spki))));
  return responder;
}

function statusOf(status: NonNullable<SingleOptions['status']>): der.Der {
  if (status === 'good') return der.implicit(0, der.raw());
  if (status === 'unknown') return der.implicit(2, der.raw());
  const { date, reason } = status;
  return der.explicit(
    1,
    der.generalizedTime(date),
    ...(reason === undefined ? [] : [der.explicit(0, der.enumerated(reason))]),
  );
}

function digestOf(hash: Hash, data: der.Der): der.Der {
  return createHash(hash).update(data).digest();
}

/** The octets of the BIT STRING. */
function keyOctets(spki: der.Der): der.Der {
  const r = new DerReader(spki);
  r.enter(TAG.sequence, 'spki');
  r.next('algorithm');
  r.octetsAsBits('key');
  return r.content();
}
