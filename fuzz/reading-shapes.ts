import type { VerifyRequest } from '../src/wire/request.js';
import { OID } from '../src/x509/oid.js';
import { certificateIssuer, scope } from '../test/pki/crl-extensions.js';
import * as der from '../test/pki/der-builder.js';
import * as ext from '../test/pki/extensions.js';
import { newKey } from '../test/pki/keys.js';
import { createResponder, ocspResponse, singleResponse } from '../test/pki/ocsp.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  type Issued,
} from '../test/pki/pki.js';
import { ask, type Shape, times } from './shape.js';

// What is small to write, often repeated, and costs much to read or to prepare.

const key = newKey('p-256');
const root = createRoot({ key });

/** So many of it that no argument list holds them. */
const many = (count: number, make: (index: number) => der.Der): der.Der => Buffer.concat(times(count, make));
const sequenceOf = (count: number, make: (index: number) => der.Der): der.Der =>
  der.element(0x30, many(count, make));

/** A leaf with this extension. */
function leafWith(oid: string, value: der.Der, rest: Partial<VerifyRequest> = {}): VerifyRequest {
  return ask(
    [createCertificate({ issuer: root, key, subject: 'leaf', extensions: [ext.extension(oid, value)] }).der],
    [root.der],
    rest,
  );
}

/** An OID of few octets, another for each number. */
const shortOid = (index: number): der.Der =>
  der.element(0x06, der.raw(0x2a, 0x80 | (index >> 14) | 1, 0x80 | (index >> 7), index & 0x7f));

/** Names of about 16,000 octets, none like another, of a character that becomes eighteen. */
const expanding = (index: number): der.Der => der.commonName(`${index} ${'\ufdfa'.repeat(5400)}`);
/** The same of characters that only two octets of a BMPString tell from plain ones. */
const expandingPlainly = (index: number): der.Der =>
  der.name([OID.commonName, der.bmpString(`${index} ${'\u3316'.repeat(8000)}`)]);

function crlsOf(count: number, nameOf: (index: number) => der.Der): VerifyRequest {
  const crls = times(count, (index) => createCrl({ name: nameOf(index), key }).der);
  return ask([createLeaf(root).der], [root.der], { crls, revocation: 'hard' });
}

function respondersNamed(count: number, nameOf: (index: number) => der.Der): VerifyRequest {
  const leaf = createLeaf(root);
  const ocsp = times(count, (index) => {
    const signer: Issued = createResponder(root, { subject: nameOf(index), key });
    return ocspResponse(root, [singleResponse(leaf, root)], { signer, certificates: [signer] }).der;
  });
  return ask([leaf.der], [root.der], { ocsp, revocation: 'hard' });
}

function issuersNamed(count: number, nameOf: (index: number) => der.Der): VerifyRequest {
  const issuers = times(count, (index) => createIntermediate(root, { key, subject: nameOf(index) }).der);
  return ask([createLeaf({ name: nameOf(-1), key }).der, ...issuers], [root.der]);
}

function indirectCrl(entries: number, nameOf: (index: number) => der.Der): VerifyRequest {
  const revoked = times(entries, (index) => ({
    serial: index + 1,
    extensions: [certificateIssuer(nameOf(index))],
  }));
  const crl = createCrl(root, { revoked, extensions: [scope({ indirect: true })] }).der;
  return ask([createLeaf(root).der], [root.der], { crls: [crl], revocation: 'hard' });
}

/** Certificates of small extensions, none of which is known. */
function manyExtensions(certificates: number, extensions: number): VerifyRequest {
  const list = times(extensions, (index) => der.sequence(shortOid(index), der.octetString(Buffer.alloc(0))));
  const issuers = times(
    certificates,
    (index) => createIntermediate(root, { key, serial: index + 1, extensions: list }).der,
  );
  return ask([createLeaf({ name: root.name, key }).der, ...issuers], [root.der]);
}

const escapes = (length: number): string => `http://crl.example/${'%41'.repeat(length / 3)}`;

function escapedPoints(count: number, length: number): VerifyRequest {
  const uris = times(count, (index) => `${escapes(length)}${index}`);
  const leaf = createLeaf(root, { extensions: [ext.crlDistributionPoints(...uris)] });
  const named = [ext.generalName.uri(`${escapes(length)}x`)];
  const crl = createCrl(root, {
    extensions: [ext.issuingDistributionPoint(der.explicit(0, der.explicit(0, ...named)))],
  });
  return ask([leaf.der], [root.der], { crls: [crl.der], revocation: 'hard' });
}

const OVER = ['BUDGET_EXCEEDED'] as const;

export const READING_SHAPES: readonly Shape[] = [
  {
    name: '222,222 policies',
    codes: OVER,
    request: () =>
      leafWith(
        OID.certificatePolicies,
        sequenceOf(222_222, (index) => der.sequence(shortOid(index))),
      ),
  },
  {
    name: '100,000 policy mappings',
    codes: OVER,
    request: () =>
      leafWith(
        OID.policyMappings,
        sequenceOf(100_000, (index) => der.sequence(shortOid(index), shortOid(index + 1))),
      ),
  },
  {
    name: '166,666 extensions in 20 certificates',
    codes: OVER,
    request: () => manyExtensions(20, 8333),
  },
  {
    name: '300,000 purposes',
    codes: OVER,
    request: () => leafWith(OID.extendedKeyUsage, sequenceOf(300_000, shortOid)),
  },
  {
    name: '900,000 empty alternative names',
    codes: OVER,
    request: () =>
      leafWith(
        OID.issuerAltName,
        sequenceOf(900_000, () => der.raw(0x82, 0)),
      ),
  },
  {
    name: '100,000 other names',
    codes: OVER,
    request: () =>
      leafWith(
        OID.subjectAltName,
        sequenceOf(100_000, (index) =>
          der.explicit(0, shortOid(index), der.explicit(0, der.element(0x0c, Buffer.alloc(0)))),
        ),
        { emails: ['me@leaf.example'] },
      ),
  },
  {
    name: '60,000 places to fetch an issuer from',
    codes: OVER,
    request: () =>
      leafWith(
        OID.authorityInfoAccess,
        sequenceOf(60_000, (index) =>
          der.sequence(shortOid(index), ext.generalName.uri('http://a.example/')),
        ),
      ),
  },
  {
    name: '100,000 distribution points',
    codes: OVER,
    request: () =>
      leafWith(
        OID.crlDistributionPoints,
        sequenceOf(100_000, () => der.sequence(der.explicit(2, der.raw(0x82, 0)))),
      ),
  },
  {
    name: '60 distribution points of 16,000 octets that are escaped',
    codes: OVER,
    request: () => escapedPoints(60, 16_000),
  },
  ...[expanding, expandingPlainly].flatMap((nameOf): Shape[] => [
    { name: `60 CRLs of issuers with ${nameOf.name} names`, codes: OVER, request: () => crlsOf(60, nameOf) },
    {
      name: `60 OCSP responders with ${nameOf.name} names`,
      codes: OVER,
      request: () => respondersNamed(60, nameOf),
    },
    { name: `60 CAs with ${nameOf.name} names`, codes: OVER, request: () => issuersNamed(60, nameOf) },
    {
      name: `an indirect CRL of 60 issuers with ${nameOf.name} names`,
      codes: OVER,
      request: () => indirectCrl(60, nameOf),
    },
  ]),
  {
    name: '60 CAs with names of 1300 attributes',
    codes: OVER,
    request: () =>
      issuersNamed(60, (index) =>
        der.sequence(
          ...times(1300, (n) =>
            der.set(der.attributeOf([OID.commonName, String.fromCharCode(65 + ((n + index) % 26))])),
          ),
        ),
      ),
  },
  {
    name: 'a name of more than 16,384 octets',
    codes: ['MALFORMED'],
    request: () => ask([createLeaf(root, { subject: 'x'.repeat(20_000) }).der], [root.der]),
  },
];
