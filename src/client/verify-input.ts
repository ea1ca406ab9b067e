import { X509Certificate } from 'node:crypto';
import { encode } from '../wire/codec.js';
import { isInstant, LAST_INSTANT } from '../instant.js';
import type { PolicyInputs } from '../wire/request.js';
import type { RevocationMode } from '../revocation-mode.js';
import { ContentError } from '../x509/content-error.js';
import { leafFirst } from '../x509/leaf-first.js';
import { type ObjectKind, type PkiObjects, readPkiObjects, readPkiText } from '../x509/pki-objects.js';
import { InputError } from './errors.js';

/** DER, PEM (one block or several), a certs-only CMS message, or what `node:crypto` makes of a certificate. */
export type CertificateInput = Uint8Array | string | X509Certificate;

/** What is asked: the certificates, and what is to hold for them. Whatever is absent asks for nothing. */
export interface VerifyInput {
  /** The certificate in question first, then others of its chain in any order. */
  readonly certificates: CertificateInput | readonly CertificateInput[];
  /** DER or PEM. The listener must permit `crls`. */
  readonly crls?: readonly (Uint8Array | string)[];
  /** OCSP responses (RFC 6960), as a TLS server staples them: DER, or PEM. The listener must permit `crls`. */
  readonly ocsp?: readonly (Uint8Array | string)[];
  /** In place of the profile's own trust anchors. The listener must permit `anchors`. */
  readonly anchors?: readonly CertificateInput[];
  /** The name of a configured profile. The listener must permit `profiles`. */
  readonly profile?: string;
  /** A key purpose (RFC 5280 §4.2.1.12) by its name, as `serverAuth`, or a dotted OID. */
  readonly purpose?: string;
  /** Names that the certificate must carry, every one of them (RFC 9525). */
  readonly hosts?: readonly string[];
  readonly ips?: readonly string[];
  readonly emails?: readonly string[];
  /** A past instant to verify at; a number is milliseconds since 1970. The listener must permit `at`. */
  readonly at?: Date | number;
  /** In place of the profile's own mode. The listener must permit `revocation`. */
  readonly revocation?: RevocationMode;
  /** RFC 5280 §6.1.1 (c), (e), (f), (g). */
  readonly policy?: PolicyInputs;
}

/** The body of a VERIFY. Throws `InputError`. */
export function encodeVerify(input: VerifyInput): Uint8Array {
  const { certificates, crls, ocsp, anchors, at, ...plain } = input;
  const [first, ...others] = Array.isArray(certificates) ? certificates : [certificates];
  const fields: Record<string, unknown> = {
    certificates: [
      ...leafOf(first),
      ...others.flatMap((each) => objectsOf(each, 'certificate').certificates),
    ],
  };
  if (crls) fields['crls'] = crls.flatMap((crl) => objectsOf(crl, 'crl').crls);
  if (ocsp) fields['ocsp'] = ocsp.flatMap((response) => objectsOf(response, 'ocsp').ocsp);
  if (anchors) fields['anchors'] = anchors.flatMap(anchorOf);
  if (at !== undefined) fields['at'] = instantOf(at);
  // What is undefined is left out: msgpack knows no undefined.
  for (const [key, value] of Object.entries(plain)) if (value !== undefined) fields[key] = value;
  return encode(fields);
}

/** The certificate in question, first, and what else came with it. */
function leafOf(input: unknown): readonly Uint8Array[] {
  if (input instanceof X509Certificate) return [input.raw];
  return readable(() => leafFirst(objectsOf(input, 'certificate')));
}

function anchorOf(input: unknown): readonly Uint8Array[] {
  const { certificates, distrusted } = objectsOf(input, 'certificate');
  if (distrusted.length === 0) return certificates;
  throw new InputError(
    'an anchor is a TRUSTED CERTIFICATE whose trust settings say that it is not to be trusted',
  );
}

const BLOCKS: Readonly<Record<ObjectKind, string>> = {
  certificate: 'CERTIFICATE',
  crl: 'X509 CRL',
  ocsp: 'OCSP RESPONSE',
};

function objectsOf(input: unknown, kind: ObjectKind): PkiObjects {
  if (input instanceof X509Certificate) return readPkiObjects(input.raw, kind);
  const isBytes = input instanceof Uint8Array;
  if (!isBytes && typeof input !== 'string') {
    throw new InputError(`${BLOCKS[kind]}: DER in a Uint8Array, or PEM in a string, is wanted`);
  }
  const objects = readable(() => (isBytes ? readPkiObjects(input, kind) : readPkiText(input)));
  const found = { certificate: objects.certificates, crl: objects.crls, ocsp: objects.ocsp }[kind];
  if (found.length === 0) throw new InputError(`the PEM holds no ${BLOCKS[kind]} block`);
  return objects;
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw new InputError(error.message, { cause: error });
  }
}

function instantOf(at: Date | number): number {
  const instant = Number(at);
  if (isInstant(instant) && instant >= 0) return instant;
  throw new InputError(
    `\`at\` is not an instant: it takes a Date, or milliseconds since 1970, from 0 to ${LAST_INSTANT}`,
  );
}
