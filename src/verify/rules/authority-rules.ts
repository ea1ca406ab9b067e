import { type Certificate } from '../../x509/certificate.js';
import { KeyUsageBit } from '../../x509/extensions.js';
import { OID } from '../../x509/oid.js';
import { isAuthority, isCritical, type Placed } from './placed.js';

/** Requirements for CAs: RFC 5280 §4.2.1.3 and §4.2.1.9 to §4.2.1.14. */

/** §4.2.1.3: CAs "MUST include this extension" in certificates whose keys check other certificates or CRLs. */
export function authorityKeyUsage({ certificate, role }: Placed): string | undefined {
  return role !== 'leaf' && certificate.keyUsage === undefined ? 'it is a CA without keyUsage' : undefined;
}

/** §4.2.1.3, §4.2.1.9: without cA "the keyCertSign bit […] MUST NOT be asserted". */
export function certSignWithoutCa({ certificate }: Placed): string | undefined {
  const isWrong = signsCertificates(certificate) && certificate.basicConstraints?.ca !== true;
  return isWrong ? 'it has keyCertSign and is no CA' : undefined;
}

/** §4.2.1.9: "Conforming CAs MUST include this extension in all CA certificates", whatever their version. */
export function authorityBasicConstraints({ certificate, role }: Placed): string | undefined {
  return role === 'leaf' || certificate.basicConstraints !== undefined
    ? undefined
    : 'it is a CA without basicConstraints';
}

/** §4.2.1.9: "and MUST mark the extension as critical in such certificates". */
export function basicConstraintsCritical(placed: Placed): string | undefined {
  const isWrong = isAuthority(placed) && isCritical(placed.certificate, OID.basicConstraints) === false;
  return isWrong ? 'it is a CA whose basicConstraints are not critical' : undefined;
}

/** §4.2.1.9: no pathLenConstraint "unless the cA boolean is asserted and the key usage […] asserts the keyCertSign". */
export function pathLengthWithoutCa({ certificate }: Placed): string | undefined {
  const constraints = certificate.basicConstraints;
  if (constraints?.pathLength === undefined) return undefined;
  return constraints.ca && signsCertificates(certificate)
    ? undefined
    : 'it has a pathLenConstraint and does not issue certificates';
}

/** §4.2.1.10: "MUST be used only in a CA certificate". */
export function nameConstraintsInCa(placed: Placed): string | undefined {
  const isWrong = placed.certificate.nameConstraints !== undefined && !isAuthority(placed);
  return isWrong ? 'it has nameConstraints and is no CA' : undefined;
}

/** §4.2.1.10: "Conforming CAs MUST mark this extension as critical". */
export function nameConstraintsCritical({ certificate }: Placed): string | undefined {
  return isCritical(certificate, OID.nameConstraints) === false
    ? 'its nameConstraints are not critical'
    : undefined;
}

/** §4.2.1.10: the only form that begins with a period is that of URIs and mail, not the dNSName. */
export function nameConstraintsForm({ certificate: { nameConstraints } }: Placed): string | undefined {
  const bases = [...(nameConstraints?.permitted ?? []), ...(nameConstraints?.excluded ?? [])];
  return bases.some((base) => base.kind === 'dns' && base.value.startsWith('.'))
    ? 'its nameConstraints hold a dNSName with a leading period'
    : undefined;
}

/** §4.2.1.11: "Conforming CAs MUST mark this extension as critical." */
export function policyConstraintsCritical({ certificate }: Placed): string | undefined {
  return isCritical(certificate, OID.policyConstraints) === false
    ? 'its policyConstraints are not critical'
    : undefined;
}

/** §4.2.1.14: "Conforming CAs MUST mark this extension as critical." */
export function inhibitAnyPolicyCritical({ certificate }: Placed): string | undefined {
  return isCritical(certificate, OID.inhibitAnyPolicy) === false
    ? 'its inhibitAnyPolicy is not critical'
    : undefined;
}

function signsCertificates({ keyUsage }: Certificate): boolean {
  return keyUsage !== undefined && (keyUsage & KeyUsageBit.keyCertSign) !== 0;
}
