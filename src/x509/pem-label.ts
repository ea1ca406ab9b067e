import { ContentError } from './content-error.js';

/**
 * What a block holds, by its label:
 * - `trusted`: a certificate, and behind it OpenSSL's trust settings;
 * - `cms`: a certs-only CMS message (RFC 5652 §5, formerly PKCS #7);
 * - `secret`, `parameters`: a private key, or the parameters of one. Servers keep them in one file with the
 *   certificate, and neither can be mistaken for it.
 */
export type BlockKind = 'certificate' | 'trusted' | 'crl' | 'ocsp' | 'cms' | 'secret' | 'parameters';

/** RFC 7468 §5 to §9, with the older labels that it names, and OpenSSL's own. */
const KINDS: ReadonlyMap<string, BlockKind> = new Map<string, BlockKind>([
  ['CERTIFICATE', 'certificate'],
  ['X509 CERTIFICATE', 'certificate'],
  ['X.509 CERTIFICATE', 'certificate'],
  ['TRUSTED CERTIFICATE', 'trusted'],
  ['X509 CRL', 'crl'],
  ['CRL', 'crl'],
  ['OCSP RESPONSE', 'ocsp'],
  ['PKCS7', 'cms'],
  ['CMS', 'cms'],
  ['PKCS #7 SIGNED DATA', 'cms'],
  ['CERTIFICATE CHAIN', 'cms'],
]);

/** Advice for blocks that people mistake for a certificate. */
const WAY_OUT: readonly (readonly [RegExp, string])[] = [
  [/REQUEST$/, '; a request becomes a certificate when a CA signs it'],
  [/PUBLIC KEY$/, '; a public key alone has no issuer: give its certificate'],
  [/^PGP|^SSH/, '; it belongs to another kind of software'],
];

/** The kind of a block with this label. Throws UNEXPECTED_PEM for an unknown label. */
export function blockKind(label: string): BlockKind {
  const kind = KINDS.get(label);
  if (kind !== undefined) return kind;
  if (/(?:^| )PRIVATE KEY$/.test(label)) return 'secret';
  if (label.endsWith(' PARAMETERS')) return 'parameters';
  const wayOut = WAY_OUT.find(([pattern]) => pattern.test(label))?.[1] ?? '';
  throw new ContentError(
    'UNEXPECTED_PEM',
    `a block "${label}" is not understood: blocks are CERTIFICATE, X509 CRL, OCSP RESPONSE or PKCS7${wayOut}`,
  );
}
