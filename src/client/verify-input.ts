import { X509Certificate } from 'node:crypto';
import { encode } from '../wire/codec.js';
import { isInstant, LAST_INSTANT } from '../instant.js';
import type { PolicyInputs } from '../wire/request.js';
import type { RevocationMode } from '../revocation-mode.js';
import { parsePem } from '../x509/pem.js';
import { InputError } from './errors.js';

/** DER, PEM (one block or several), or what `node:crypto` makes of either. */
export type CertificateInput = Uint8Array | string | X509Certificate;

/** What is asked: the certificates, and what is to hold for them. Whatever is absent asks for nothing. */
export interface VerifyInput {
  /** The certificate in question first, then others of its chain in any order. */
  readonly certificates: CertificateInput | readonly CertificateInput[];
  /** DER or PEM. The listener must permit `crls`. */
  readonly crls?: readonly (Uint8Array | string)[];
  /** OCSP responses (RFC 6960), as a TLS server staples them: DER. The listener must permit `crls`. */
  readonly ocsp?: readonly Uint8Array[];
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

/** The body of a VERIFY. Throws `InputError` or `PemError`. */
export function encodeVerify(input: VerifyInput): Uint8Array {
  const { certificates, crls, anchors, at, ...plain } = input;
  const fields: Record<string, unknown> = {
    certificates: (Array.isArray(certificates) ? certificates : [certificates]).flatMap(certificateDer),
  };
  if (crls) fields['crls'] = crls.flatMap((crl) => derOf(crl, 'X509 CRL'));
  if (anchors) fields['anchors'] = anchors.flatMap(certificateDer);
  if (at !== undefined) fields['at'] = instantOf(at);
  // What is undefined is left out: msgpack knows no undefined.
  for (const [key, value] of Object.entries(plain)) if (value !== undefined) fields[key] = value;
  return encode(fields);
}

function certificateDer(input: unknown): readonly Uint8Array[] {
  return input instanceof X509Certificate ? [input.raw] : derOf(input, 'CERTIFICATE');
}

function derOf(input: unknown, label: string): readonly Uint8Array[] {
  if (input instanceof Uint8Array) return [input];
  if (typeof input !== 'string')
    throw new InputError(`${label}: DER in a Uint8Array, or PEM in a string, is wanted`);
  const blocks = parsePem(input).filter((block) => block.label === label);
  if (blocks.length === 0) throw new InputError(`the PEM holds no ${label} block`);
  return blocks.map(({ der }) => der);
}

function instantOf(at: Date | number): number {
  const instant = Number(at);
  if (isInstant(instant) && instant >= 0) return instant;
  throw new InputError(
    `\`at\` is not an instant: it takes a Date, or milliseconds since 1970, from 0 to ${LAST_INSTANT}`,
  );
}
