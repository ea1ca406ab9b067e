import { messageOf } from '../../errors.js';
import { spkiId } from '../../verify/keys/ca-key.js';
import type { Certificate } from '../../x509/certificate.js';
import { formatName } from '../../x509/name.js';
import { oidName } from '../../x509/oid.js';
import { importPublicKey } from '../../x509/public-key.js';
import { extensionText } from './extension-text.js';

/** The contents of a certificate in words, for `explain`: for people and, as JSON, for programs. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly version: number;
  /** Hexadecimal, the content octets of the INTEGER. */
  readonly serial: string;
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly key: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex; distinguishes keys of the same name. */
  readonly keyId: string;
  readonly signatureAlgorithm: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  readonly extensions: readonly ExtensionFacts[];
}

interface ExtensionFacts {
  readonly oid: string;
  readonly name: string;
  readonly critical: boolean;
  readonly says: string;
}

export function factsOf(certificate: Certificate): CertificateFacts {
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    version: certificate.version,
    serial: certificate.serialText,
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    key: keyText(certificate.spki),
    keyId: spkiId(certificate.spki),
    signatureAlgorithm: oidName(certificate.signatureAlgorithm.oid),
    fingerprint: certificate.fingerprint,
    extensions: certificate.extensions.map((extension) => ({
      oid: extension.oid,
      name: oidName(extension.oid),
      critical: extension.critical,
      says: extensionText(certificate, extension),
    })),
  };
}

/** The facts as lines under each other, the labels in a column. */
export function factLines(facts: CertificateFacts): readonly string[] {
  const rows: [string, string][] = [
    ['subject', facts.subject],
    ['issuer', facts.issuer],
    ['serial', facts.serial],
    ['valid', `${facts.notBefore} to ${facts.notAfter}`],
    ['key', facts.key],
    ['key SHA-256', facts.keyId],
    ['signed with', facts.signatureAlgorithm],
    ['SHA-256', facts.fingerprint],
    ...facts.extensions.map(({ name, critical, says }): [string, string] => [
      critical ? `${name}!` : name,
      says,
    ]),
  ];
  if (facts.version < 3) rows.unshift(['version', String(facts.version)]);
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`);
}

export function nameText(name: Certificate['subject']): string {
  return name.empty ? '(no name)' : formatName(name);
}

function keyText(spki: Uint8Array): string {
  try {
    const { kind, bits, curve } = importPublicKey(spki);
    return curve === undefined ? `${kind}, ${bits} bits` : `${kind}, ${curve}`;
  } catch (error) {
    return `unusable: ${messageOf(error)}`;
  }
}
