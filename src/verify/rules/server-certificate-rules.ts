import { KeyUsageBit } from '../../x509/extensions.js';
import { OID } from '../../x509/oid.js';
import { isCritical, type Placed } from './placed.js';

/** A TLS server's certificate and its root: Baseline Requirements §7.1.2.7, §7.1.2.1. */

/** §7.1.2.7.8: "cA MUST be FALSE". */
export function serverIsNoCa({ certificate, role }: Placed): string | undefined {
  return role === 'leaf' && certificate.basicConstraints?.ca === true
    ? 'it is a CA in the place of a server'
    : undefined;
}

/** §7.1.2.7.11: keyCertSign and cRLSign are not permitted. */
export function serverKeyUsage({ certificate, role }: Placed): string | undefined {
  const forbidden = KeyUsageBit.keyCertSign | KeyUsageBit.cRLSign;
  return role === 'leaf' && ((certificate.keyUsage ?? 0) & forbidden) !== 0
    ? 'its keyUsage is that of a CA'
    : undefined;
}

const FOREIGN_PURPOSES: ReadonlySet<string> = new Set([
  OID.anyExtendedKeyUsage,
  OID.codeSigning,
  OID.emailProtection,
  OID.timeStamping,
  OID.ocspSigning,
]);

/** §7.1.2.7.10: serverAuth MUST be there; code signing, mail, time stamping, OCSP signing and anyEKU MUST NOT. */
export function serverPurpose({ certificate, role }: Placed): string | undefined {
  if (role !== 'leaf') return undefined;
  const purposes = certificate.extendedKeyUsage;
  if (purposes?.includes(OID.serverAuth) !== true) return 'its extKeyUsage does not name serverAuth';
  const foreign = purposes.find((purpose) => FOREIGN_PURPOSES.has(purpose));
  return foreign === undefined ? undefined : `its extKeyUsage names ${foreign}`;
}

/**
 * §7.1.2.10.6: the extKeyUsage of a CA above a server names serverAuth. Milder than that text in anyExtendedKeyUsage,
 * which CAs of many purposes have (§7.1.2.2.4).
 */
export function serverAuthorityPurpose({ certificate, role }: Placed): string | undefined {
  const purposes = certificate.extendedKeyUsage;
  if (role !== 'intermediate' || purposes === undefined) return undefined;
  const serves = purposes.includes(OID.serverAuth) || purposes.includes(OID.anyExtendedKeyUsage);
  return serves ? undefined : 'it is a CA whose extKeyUsage does not allow serverAuth';
}

/** §7.1.2.7.6: extKeyUsage is not critical. */
export function serverPurposeCritical({ certificate, role }: Placed): string | undefined {
  return role === 'leaf' && isCritical(certificate, OID.extendedKeyUsage) === true
    ? 'its extKeyUsage is critical'
    : undefined;
}

/** §7.1.2.7.12: a subjectAltName of dNSName and iPAddress entries alone. */
export function serverNames({ certificate, role }: Placed): string | undefined {
  if (role !== 'leaf') return undefined;
  const names = certificate.subjectAltName;
  if (names === undefined) return 'it has no subjectAltName';
  return names.every(({ kind }) => kind === 'dns' || kind === 'ip')
    ? undefined
    : 'its subjectAltName holds other names than those of hosts and addresses';
}

/** §7.1.2.7.12: subjectAltName is critical when the subject is empty, and otherwise not. */
export function serverNamesCritical({ certificate, role }: Placed): string | undefined {
  const isWrong =
    role === 'leaf' && !certificate.subject.empty && isCritical(certificate, OID.subjectAltName) === true;
  return isWrong ? 'its subjectAltName is critical beside a subject' : undefined;
}

/** §7.1.2.1.2: a root has no extKeyUsage. */
export function rootPurpose({ certificate, role }: Placed): string | undefined {
  return role === 'anchor' && certificate.extendedKeyUsage !== undefined
    ? 'it is a root with extKeyUsage'
    : undefined;
}
