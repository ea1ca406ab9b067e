import { messageOf } from '../../errors.js';
import type { Certificate } from '../../x509/certificate.js';
import { TAG } from '../../x509/der.js';
import { writeElement } from '../../x509/der-writer.js';
import { type DistributionPoint, type Extension, KeyUsageBit, ReasonBit } from '../../x509/extensions.js';
import type { GeneralName } from '../../x509/general-name.js';
import { formatName } from '../../x509/name.js';
import { OID, oidName } from '../../x509/oid.js';

type Writer = (certificate: Certificate) => string;

/** How each known extension reads; its reader throws where the extension is broken. */
const WRITERS: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  [OID.basicConstraints, basicConstraints],
  [OID.keyUsage, ({ keyUsage = 0 }) => bitNames(KeyUsageBit, keyUsage)],
  [OID.extendedKeyUsage, ({ extendedKeyUsage = [] }) => list(extendedKeyUsage.map(oidName))],
  [OID.subjectAltName, ({ subjectAltName = [] }) => names(subjectAltName)],
  [OID.issuerAltName, ({ issuerAltName = [] }) => names(issuerAltName)],
  [OID.subjectKeyIdentifier, ({ subjectKeyIdentifier }) => hex(subjectKeyIdentifier)],
  [OID.authorityKeyIdentifier, authorityKeyIdentifier],
  [OID.nameConstraints, nameConstraints],
  [
    OID.certificatePolicies,
    ({ certificatePolicies = [] }) => list(certificatePolicies.map(({ oid }) => oidName(oid))),
  ],
  [OID.policyMappings, policyMappings],
  [OID.policyConstraints, policyConstraints],
  [OID.inhibitAnyPolicy, ({ inhibitAnyPolicy }) => `after ${inhibitAnyPolicy} more certificates`],
  [OID.crlDistributionPoints, ({ crlDistributionPoints = [] }) => list(crlDistributionPoints.map(point))],
  [OID.freshestCrl, ({ freshestCrl = [] }) => list(freshestCrl.map(point))],
  [OID.authorityInfoAccess, ({ authorityInfoAccess = [] }) => access(authorityInfoAccess)],
  [OID.subjectInfoAccess, ({ subjectInfoAccess = [] }) => access(subjectInfoAccess)],
  [OID.noRevAvail, () => 'no revocation information will be available'],
]);

/** What one extension says, on one line; long lists are cut. */
export function extensionText(certificate: Certificate, { oid, value }: Extension): string {
  const write = WRITERS.get(oid);
  try {
    return write === undefined ? `not known to pkixd, ${value.length} octets` : write(certificate);
  } catch (error) {
    return `broken: ${messageOf(error)}`;
  }
}

function basicConstraints({ basicConstraints: found }: Certificate): string {
  if (found?.ca !== true) return 'no CA';
  return found.pathLength === undefined ? 'CA' : `CA, at most ${found.pathLength} CAs below it`;
}

function authorityKeyIdentifier({ authorityKeyIdentifier: found }: Certificate): string {
  const parts: string[] = [];
  if (found?.keyIdentifier !== undefined) parts.push(hex(found.keyIdentifier));
  if (found?.issuer !== undefined) parts.push(`issuer ${names(found.issuer)}`);
  if (found?.serial !== undefined) parts.push(`serial ${hex(found.serial)}`);
  return parts.length === 0 ? 'empty' : parts.join(', ');
}

function nameConstraints({ nameConstraints: found }: Certificate): string {
  const parts: string[] = [];
  if (found && found.permitted.length > 0) parts.push(`permitted ${names(found.permitted)}`);
  if (found && found.excluded.length > 0) parts.push(`excluded ${names(found.excluded)}`);
  return parts.join('; ');
}

function policyMappings({ policyMappings: found = [] }: Certificate): string {
  return list(
    found.map((one) => `${oidName(one.issuerDomainPolicy)} to ${oidName(one.subjectDomainPolicy)}`),
  );
}

function policyConstraints({ policyConstraints: found }: Certificate): string {
  const parts: string[] = [];
  if (found?.requireExplicitPolicy !== undefined)
    parts.push(`explicit policy after ${found.requireExplicitPolicy} more certificates`);
  if (found?.inhibitPolicyMapping !== undefined)
    parts.push(`no mapping after ${found.inhibitPolicyMapping} more certificates`);
  return parts.join(', ');
}

function point({ name, reasons, crlIssuer }: DistributionPoint): string {
  const parts: string[] = [];
  if (name?.kind === 'fullName') parts.push(names(name.names));
  if (name?.kind === 'relativeName')
    parts.push(`relative to the issuer: ${formatName({ der: writeElement(TAG.sequence, name.rdn) })}`);
  if (crlIssuer !== undefined) parts.push(`CRL issuer ${names(crlIssuer)}`);
  if (reasons !== undefined) parts.push(`only for ${bitNames(ReasonBit, reasons)}`);
  return parts.join(', ');
}

function access(descriptions: NonNullable<Certificate['authorityInfoAccess']>): string {
  return list(descriptions.map(({ method, location }) => `${oidName(method)} ${generalName(location)}`));
}

function names(found: readonly GeneralName[]): string {
  return list(found.map(generalName));
}

function generalName(name: GeneralName): string {
  switch (name.kind) {
    case 'dns':
    case 'rfc822':
    case 'uri':
      return `${name.kind}:${name.value}`;
    case 'ip':
      return `ip:${ipText(name.bytes)}`;
    case 'dn':
      return `dn:${formatName(name.name)}`;
    default:
      return `${name.kind}:${hex(name.der)}`;
  }
}

/** An address, or in name constraints an address and its mask. */
function ipText(bytes: Uint8Array): string {
  const octets = Buffer.from(bytes);
  if (octets.length === 4) return octets.join('.');
  if (octets.length === 16) return (octets.toString('hex').match(/.{4}/g) ?? []).join(':');
  const half = octets.length / 2;
  return `${ipText(octets.subarray(0, half))}/${ipText(octets.subarray(half))}`;
}

function bitNames(bits: Readonly<Record<string, number>>, mask: number): string {
  return list(Object.keys(bits).filter((name) => (mask & (bits[name] ?? 0)) !== 0));
}

const MOST_SHOWN = 20;
const MOST_OCTETS = 64;

function list(items: readonly string[]): string {
  if (items.length <= MOST_SHOWN) return items.join(', ');
  return `${items.slice(0, MOST_SHOWN).join(', ')} and ${items.length - MOST_SHOWN} more`;
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  const text = Buffer.from(bytes.subarray(0, MOST_OCTETS)).toString('hex');
  return bytes.length > MOST_OCTETS ? `${text}…` : text;
}
