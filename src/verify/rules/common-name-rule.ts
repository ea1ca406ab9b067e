import type { GeneralName } from '../../x509/general-name.js';
import { attributeTexts } from '../../x509/name.js';
import { OID } from '../../x509/oid.js';
import { formatIpAddress } from '../../ip-address.js';
import type { Placed } from './placed.js';

/**
 * Baseline Requirements §7.1.4.3: at most one commonName, and its value one of the subjectAltName's: an IPv4 address in
 * dotted decimal, an IPv6 address as RFC 5952 §4 writes it, a dNSName character for character.
 *
 * More lenient than that text in two harmless cases, which x509-limbo expects to be valid: a host name beside addresses
 * alone, and the domain of a wildcard in the subjectAltName.
 */
export function commonName({ certificate, role }: Placed): string | undefined {
  if (role !== 'leaf') return undefined;
  const commonNames = attributeTexts(certificate.subject, OID.commonName);
  if (commonNames.length === 0) return undefined;
  if (commonNames.length > 1) return 'its subject has several common names';
  const [name] = commonNames;
  const names = certificate.subjectAltName ?? [];
  const isRepeated =
    name !== undefined && (isAddress(name) ? repeatsAddress(name, names) : repeatsHost(name, names));
  return isRepeated ? undefined : `its common name ${JSON.stringify(name)} is not among its subjectAltNames`;
}

/** Whatever software may read as an address: with colons, or with a number as its last label, 0x notation included. */
function isAddress(name: string): boolean {
  return name.includes(':') || /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i.test(name);
}

function repeatsAddress(name: string, names: readonly GeneralName[]): boolean {
  return names.some((other) => other.kind === 'ip' && formatIpAddress(other.bytes) === name);
}

function repeatsHost(name: string, names: readonly GeneralName[]): boolean {
  const hosts: string[] = [];
  for (const other of names) if (other.kind === 'dns') hosts.push(other.value);
  if (hosts.length === 0) return names.length > 0;
  return hosts.includes(name) || hosts.includes(`*.${name}`);
}
