import { createHash } from 'node:crypto';
import { OID } from '../../src/x509/oid.js';
import * as der from './der-builder.js';

/** One Extension, with whatever value. */
export function extension(oid: string, value: der.Der, critical = false): der.Der {
  return der.sequence(der.oid(oid), ...(critical ? [der.bool(true)] : []), der.octetString(value));
}

export function basicConstraints(
  options: { readonly ca?: boolean; readonly pathLength?: number; readonly critical?: boolean } = {},
): der.Der {
  const { ca = true, pathLength, critical = true } = options;
  const value = der.sequence(
    ...(ca ? [der.bool(true)] : []),
    ...(pathLength === undefined ? [] : [der.integer(pathLength)]),
  );
  return extension(OID.basicConstraints, value, critical);
}

const KEY_USAGE_BITS = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;

export function keyUsage(...bits: readonly (keyof typeof KEY_USAGE_BITS)[]): der.Der {
  return extension(OID.keyUsage, der.namedBits(...bits.map((bit) => KEY_USAGE_BITS[bit])), true);
}

export function extendedKeyUsage(...purposes: readonly string[]): der.Der {
  return extension(OID.extendedKeyUsage, der.sequence(...purposes.map(der.oid)));
}

/** General names, for `subjectAltName` and others. */
export const generalName = {
  rfc822: (text: string): der.Der => der.implicit(1, Buffer.from(text, 'latin1')),
  dns: (text: string): der.Der => der.implicit(2, Buffer.from(text, 'latin1')),
  dn: (name: der.Der): der.Der => der.explicit(4, name),
  uri: (text: string): der.Der => der.implicit(6, Buffer.from(text, 'latin1')),
  ip: (...octets: readonly number[]): der.Der => der.implicit(7, Buffer.from(octets)),
  other: (type: string, value: der.Der): der.Der => der.explicit(0, der.oid(type), der.explicit(0, value)),
  x400: (): der.Der => der.explicit(3),
  edi: (): der.Der => der.explicit(5, der.explicit(1, der.utf8String('party'))),
  rid: (oid: string): der.Der => der.implicit(8, der.oidContent(oid)),
} as const;

export function subjectAltName(...names: readonly der.Der[]): der.Der {
  return extension(OID.subjectAltName, der.sequence(...names));
}

const subtreeList = (n: number, bases: readonly der.Der[] | undefined): der.Der[] =>
  bases === undefined ? [] : [der.explicit(n, ...bases.map((base) => der.sequence(base)))];

export function nameConstraints(
  subtrees: { readonly permitted?: readonly der.Der[]; readonly excluded?: readonly der.Der[] },
  critical = true,
): der.Der {
  const value = der.sequence(...subtreeList(0, subtrees.permitted), ...subtreeList(1, subtrees.excluded));
  return extension(OID.nameConstraints, value, critical);
}

/** RFC 5280 §4.2.1.2 (1): SHA-1 of the key; here of the whole SubjectPublicKeyInfo, which serves as well. */
const keyIdentifier = (spki: der.Der): der.Der => createHash('sha1').update(spki).digest();

export function subjectKeyIdentifier(spki: der.Der): der.Der {
  return extension(OID.subjectKeyIdentifier, der.octetString(keyIdentifier(spki)));
}

export function authorityKeyIdentifier(spki: der.Der): der.Der {
  return extension(OID.authorityKeyIdentifier, der.sequence(der.implicit(0, keyIdentifier(spki))));
}

/** One distribution point for each URI. */
export function crlDistributionPoints(...uris: readonly string[]): der.Der {
  const points = uris.map((uri) => der.sequence(der.explicit(0, der.explicit(0, generalName.uri(uri)))));
  return extension(OID.crlDistributionPoints, der.sequence(...points));
}

/** caIssuers, one access description for each URI. */
export function authorityInfoAccess(...uris: readonly string[]): der.Der {
  const descriptions = uris.map((uri) => der.sequence(der.oid(OID.caIssuers), generalName.uri(uri)));
  return extension(OID.authorityInfoAccess, der.sequence(...descriptions));
}

export function issuingDistributionPoint(...fields: readonly der.Der[]): der.Der {
  return extension(OID.issuingDistributionPoint, der.sequence(...fields), true);
}

export function crlNumber(number: bigint | number): der.Der {
  return extension(OID.crlNumber, der.integer(number));
}

export function reasonCode(reason: number): der.Der {
  return extension(OID.reasonCode, der.enumerated(reason));
}
