import { Buffer } from 'node:buffer';
import { ContentError } from './content-error.js';
import type { DerKind } from './der-kind.js';

const NAMES: Readonly<Record<DerKind, string>> = {
  certificate: 'a certificate',
  crl: 'a CRL',
  ocsp: 'an OCSP response',
  cms: 'a CMS message',
  'certificate request': 'a certificate request',
  'PKCS #12 store': 'a PKCS #12 store',
  'private key': 'a private key',
  'public key': 'a public key',
};

const WAY_OUT: Readonly<Partial<Record<DerKind, string>>> = {
  'certificate request': 'a request becomes a certificate when a CA signs it',
  'PKCS #12 store': 'take the certificates out of it: openssl pkcs12 -in FILE -nokeys -out certificates.pem',
  'private key': 'a private key does not belong here; treat it as exposed if others may read this',
  'public key': 'give the certificate of the key',
};

/**
 * A DER value of another kind than the one that is wanted.
 *
 * @param label of the PEM block that holds it; `undefined` for bare DER
 */
export function wrongKind(kind: DerKind, wanted: DerKind, label: string | undefined): ContentError {
  const where = label === undefined ? 'it is' : `the ${label} block holds`;
  const wayOut = WAY_OUT[kind] ?? `give it where ${NAMES[kind]} belongs`;
  return new ContentError('WRONG_CONTENT', `${where} ${NAMES[kind]}, not ${NAMES[wanted]}; ${wayOut}`);
}

/** Bytes that are neither PEM nor DER; the message says what they look like. */
export function notReadable(content: Buffer, wanted: DerKind): ContentError {
  return new ContentError(
    'WRONG_CONTENT',
    `the file is neither PEM (no BEGIN line) nor DER of ${NAMES[wanted]}: it ${describe(content)}`,
  );
}

/** How files begin that people take for certificates. */
const OTHERS: readonly (readonly [Buffer, string])[] = [
  [
    Buffer.from([0xfe, 0xed, 0xfe, 0xed]),
    'is a Java key store (JKS): take the certificates out of it with keytool -exportcert',
  ],
  [Buffer.from([0x30, 0x80]), 'is BER with an indefinite length: convert it to DER with openssl'],
  [Buffer.from([0x1f, 0x8b]), 'is compressed with gzip: unpack it first'],
  [Buffer.from('PK\u0003\u0004'), 'is a zip archive: unpack it first'],
];

function describe(content: Buffer): string {
  if (content.length === 0) return 'is empty';
  const other = OTHERS.find(([start]) => content.subarray(0, start.length).equals(start));
  if (other !== undefined) return other[1];
  const text = content.toString('latin1', 0, 4096).trim();
  if (/^[A-Za-z\d+/\s]{32,}={0,2}\s*$/.test(text)) {
    const what = /^[\da-f\s]+$/i.test(text) ? 'hexadecimal' : 'base64';
    return `is ${what} without BEGIN and END lines: write it as PEM`;
  }
  return `begins with ${JSON.stringify(content.toString('latin1', 0, 40))}`;
}
