import { generateKeyPairSync } from 'node:crypto';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { type KeyPair, newKey } from '../../pki/keys.js';
import {
  type CertificateOptions,
  createCertificate,
  createIntermediate,
  createRoot,
  type Issued,
} from '../../pki/pki.js';

/** A chain that keeps every rule of every profile, to be broken in one place. */
export const root = createRoot();
export const intermediate = createIntermediate(root);

const leafKey = newKey('p-256');

/** The extensions of a server's certificate under `issuer`; those with the OID of one of `instead` give way to it. */
function serverExtensions(
  issuer: Issued,
  instead: readonly der.Der[],
  without: readonly string[],
): der.Der[] {
  const usual: readonly (readonly [oid: string, extension: der.Der])[] = [
    [OID.keyUsage, ext.keyUsage('digitalSignature')],
    [OID.extendedKeyUsage, ext.extendedKeyUsage(OID.serverAuth)],
    [OID.subjectAltName, ext.subjectAltName(ext.generalName.dns('leaf.example'))],
    [OID.authorityKeyIdentifier, ext.authorityKeyIdentifier(issuer.key.spki)],
  ];
  const kept = usual.filter(([oid]) => !without.includes(oid) && !instead.some((one) => hasOid(one, oid)));
  return [...kept.map(([, extension]) => extension), ...instead];
}

const hasOid = (extension: der.Der, oid: string): boolean =>
  Buffer.from(extension).includes(Buffer.from(der.oid(oid)));

export interface LeafChanges extends CertificateOptions {
  readonly issuer?: Issued;
  /** Extensions, over those of the same OID. */
  readonly with?: readonly der.Der[];
  /** OIDs. */
  readonly without?: readonly string[];
}

export function leaf({ with: instead = [], without = [], ...options }: LeafChanges = {}): Issued {
  const { issuer = intermediate } = options;
  const extensions = serverExtensions(issuer, instead, without);
  return createCertificate({ subject: 'leaf.example', key: leafKey, ...options, issuer, extensions });
}

/** A CA with just these extensions; self-signed without `issuer`. */
export function ca(extensions: readonly der.Der[], options: CertificateOptions = {}): Issued {
  return createCertificate({ subject: 'Odd CA', ...options, extensions });
}

export const caUsage = ext.keyUsage('keyCertSign', 'cRLSign');

export function rsaKey(bits: number): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { type: 'rsa-2048', privateKey, publicKey, spki };
}
