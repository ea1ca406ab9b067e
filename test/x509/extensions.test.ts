import { expect, test } from '@jest/globals';
import { type Certificate, parseAllExtensions, parseCertificate } from '../../src/x509/certificate.js';
import { KeyUsageBit, ReasonBit } from '../../src/x509/extensions.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { createCertificate } from '../pki/pki.js';

const key = newKey('p-256');
const withExtensions = (...extensions: der.Der[]): Certificate =>
  parseCertificate(createCertificate({ key, extensions }).der);
const dns = ext.generalName.dns('a.example');
const policy = (oid: string, ...more: der.Der[]): der.Der => der.sequence(der.oid(oid), ...more);

test('an extension that is absent is undefined', () => {
  const certificate = withExtensions();
  expect(certificate.basicConstraints).toBeUndefined();
  expect(certificate.keyUsage).toBeUndefined();
  expect(certificate.subjectAltName).toBeUndefined();
  expect(() => parseAllExtensions(certificate)).not.toThrow();
});

test('basicConstraints says whether, how deep and how critically', () => {
  expect(withExtensions(ext.basicConstraints({ pathLength: 3 })).basicConstraints).toEqual({
    ca: true,
    pathLength: 3,
    critical: true,
  });
  expect(withExtensions(ext.basicConstraints({ ca: false, critical: false })).basicConstraints).toEqual({
    ca: false,
    critical: false,
  });
  const written = ext.extension(OID.basicConstraints, der.sequence(der.bool(false)));
  expect(withExtensions(written).basicConstraints?.ca).toBe(false);
});

test('keyUsage is a mask of its bits', () => {
  expect(withExtensions(ext.keyUsage('keyCertSign', 'cRLSign', 'decipherOnly')).keyUsage).toBe(
    KeyUsageBit.keyCertSign | KeyUsageBit.cRLSign | KeyUsageBit.decipherOnly,
  );
});

test('extKeyUsage lists the purposes', () => {
  const purposes = [OID.serverAuth, '1.2.3.4'];
  expect(withExtensions(ext.extendedKeyUsage(...purposes)).extendedKeyUsage).toEqual(purposes);
});

test('subjectAltName keeps every kind of name', () => {
  const other = der.explicit(0, der.oid('1.2.3'), der.explicit(0, der.utf8String('x')));
  const rid = der.implicit(8, der.oidContent('1.2.3'));
  const certificate = withExtensions(
    ext.subjectAltName(
      dns,
      ext.generalName.rfc822('a@example'),
      ext.generalName.uri('http://a.example/'),
      ext.generalName.ip(192, 0, 2, 1),
      ext.generalName.dn(der.commonName('x')),
      other,
      rid,
    ),
  );
  const names = certificate.subjectAltName!;
  expect(names.map((name) => name.kind)).toEqual(['dns', 'rfc822', 'uri', 'ip', 'dn', 'other', 'rid']);
  expect(names).toMatchObject([
    { value: 'a.example' },
    { value: 'a@example' },
    { value: 'http://a.example/' },
    { bytes: { 0: 192, 1: 0, 2: 2, 3: 1, length: 4 } },
    { name: { empty: false } },
    { der: { length: other.length } },
    { der: { length: rid.length } },
  ]);
  expect(certificate.subjectAltName).toBe(names);
});

test('the key identifiers of issuer and subject agree', () => {
  const certificate = withExtensions(
    ext.subjectKeyIdentifier(key.spki),
    ext.authorityKeyIdentifier(key.spki),
  );
  expect(certificate.subjectKeyIdentifier).toHaveLength(20);
  expect(certificate.authorityKeyIdentifier).toMatchObject({
    keyIdentifier: certificate.subjectKeyIdentifier,
    issuer: undefined,
    serial: undefined,
  });
});

const aki = (...fields: der.Der[]): Certificate =>
  withExtensions(ext.extension(OID.authorityKeyIdentifier, der.sequence(...fields)));

test('authorityKeyIdentifier names issuer and serial number together', () => {
  const issuer = der.explicit(1, ext.generalName.dn(der.commonName('ca')));
  const serial = der.implicit(2, der.raw(5));
  expect(aki(issuer, serial).authorityKeyIdentifier).toMatchObject({
    issuer: [{ kind: 'dn' }],
    serial: { 0: 5, length: 1 },
  });
  expect(() => aki(issuer).authorityKeyIdentifier).toThrow('only one of');
});

test('nameConstraints keeps the two lists, address ranges with their masks', () => {
  const range = ext.generalName.ip(10, 0, 0, 0, 255, 128, 0, 0);
  const { permitted, excluded } = withExtensions(
    ext.nameConstraints({ permitted: [dns], excluded: [range, ext.generalName.dn(der.commonName('x'))] }),
  ).nameConstraints!;
  expect(permitted).toEqual([{ kind: 'dns', value: 'a.example' }]);
  expect(excluded).toMatchObject([{ kind: 'ip', bytes: { length: 8, 5: 128 } }, { kind: 'dn' }]);
});

test('the policy extensions are read', () => {
  const certificate = withExtensions(
    ext.extension(
      OID.certificatePolicies,
      der.sequence(
        policy('1.2.3', der.sequence(policy('1.3.6.1.5.5.7.2.1', der.ia5String('http://cps')))),
        policy('1.2.4'),
      ),
    ),
    ext.extension(OID.policyMappings, der.sequence(der.sequence(der.oid('1.2.3'), der.oid('1.2.4')))),
    ext.extension(
      OID.policyConstraints,
      der.sequence(der.implicit(0, der.raw(0)), der.implicit(1, der.raw(2))),
    ),
    ext.extension(OID.inhibitAnyPolicy, der.integer(1)),
  );
  expect(certificate.certificatePolicies).toMatchObject([
    { oid: '1.2.3' },
    { oid: '1.2.4', qualifiers: null, qualifierOids: [] },
  ]);
  expect(certificate.certificatePolicies![0]!.qualifiers).not.toBeNull();
  expect(certificate.policyMappings).toEqual([{ issuerDomainPolicy: '1.2.3', subjectDomainPolicy: '1.2.4' }]);
  expect(certificate.policyConstraints).toEqual({ requireExplicitPolicy: 0, inhibitPolicyMapping: 2 });
  expect(certificate.inhibitAnyPolicy).toBe(1);
});

test('a distribution point is usually one URI', () => {
  const uris = ['http://crl.example/1', 'http://crl.example/2'];
  expect(withExtensions(ext.crlDistributionPoints(...uris)).crlDistributionPoints).toEqual(
    uris.map((value) => ({ name: { kind: 'fullName', names: [{ kind: 'uri', value }] } })),
  );
});

test('reading a relative name leaves the bytes as they were', () => {
  const relative = der.explicit(0, der.explicit(1, der.attributeOf(['2.5.4.3', 'CRL 1'])));
  const points = ext.extension(OID.crlDistributionPoints, der.sequence(der.sequence(relative)));
  const { der: bytes } = createCertificate({ key, extensions: [points] });
  const before = Buffer.from(bytes);
  parseAllExtensions(parseCertificate(bytes));
  expect(bytes.equals(before)).toBe(true);
});

test('distribution points are read, by URI, relative name, reasons and issuer', () => {
  const relative = der.explicit(0, der.explicit(1, der.attributeOf(['2.5.4.3', 'CRL 1'])));
  const certificate = withExtensions(
    ext.extension(
      OID.crlDistributionPoints,
      der.sequence(
        der.sequence(der.explicit(0, der.explicit(0, ext.generalName.uri('http://crl.example/1')))),
        der.sequence(
          relative,
          der.implicit(1, der.namedBitsContent(1, 8)),
          der.explicit(2, ext.generalName.dn(der.commonName('crl issuer'))),
        ),
      ),
    ),
  );
  expect(certificate.crlDistributionPoints).toMatchObject([
    { name: { kind: 'fullName', names: [{ kind: 'uri', value: 'http://crl.example/1' }] } },
    {
      name: { kind: 'relativeName', rdn: { 0: 0x31 } },
      reasons: ReasonBit.keyCompromise | ReasonBit.aACompromise,
      crlIssuer: [{ kind: 'dn' }],
    },
  ]);
});

test('access descriptions and noRevAvail are read', () => {
  const location = ext.generalName.uri('http://ca.example/ca.der');
  const certificate = withExtensions(
    ext.extension(OID.authorityInfoAccess, der.sequence(der.sequence(der.oid(OID.caIssuers), location))),
    ext.extension(OID.noRevAvail, der.derNull()),
  );
  expect(certificate.authorityInfoAccess).toEqual([
    { method: OID.caIssuers, location: { kind: 'uri', value: 'http://ca.example/ca.der' } },
  ]);
  expect(certificate.noRevAvail).toBe(true);
});

const subtree = (...content: der.Der[]): der.Der => der.sequence(der.explicit(0, der.sequence(...content)));
const point = (...fields: der.Der[]): der.Der => der.sequence(der.sequence(...fields));
const names = (...content: der.Der[]): der.Der => der.sequence(...content);

test.each([
  ['trailing data', OID.subjectAltName, Buffer.concat([names(dns), der.derNull()])],
  ['no name in subjectAltName', OID.subjectAltName, names()],
  ['a name that is no GeneralName', OID.subjectAltName, names(der.implicit(9, der.raw(1)))],
  ['a host name beyond ASCII', OID.subjectAltName, names(ext.generalName.dns('münchen.example'))],
  ['an address of five octets', OID.subjectAltName, names(ext.generalName.ip(1, 2, 3, 4, 5))],
  [
    'an address with a mask outside constraints',
    OID.subjectAltName,
    names(ext.generalName.ip(1, 2, 3, 4, 255, 0, 0, 0)),
  ],
  ['an otherName without value', OID.subjectAltName, names(der.explicit(0, der.oid('1.2.3')))],
  ['a directoryName with an RDN missing its SET', OID.subjectAltName, names(der.explicit(4, der.set()))],
  ['a key usage of no bits', OID.keyUsage, der.namedBits()],
  ['a key usage that is no BIT STRING', OID.keyUsage, der.octetString(der.raw(1))],
  ['no purpose', OID.extendedKeyUsage, der.sequence()],
  ['a negative path length', OID.basicConstraints, der.sequence(der.bool(true), der.integer(-1))],
  ['a BOOLEAN of 1', OID.basicConstraints, der.sequence(der.element(1, der.raw(1)))],
  ['a key identifier that is no OCTET STRING', OID.subjectKeyIdentifier, der.integer(1)],
  ['no name constraint at all', OID.nameConstraints, der.sequence()],
  ['an empty list of subtrees', OID.nameConstraints, der.sequence(der.explicit(0))],
  ['a minimum', OID.nameConstraints, subtree(dns, der.implicit(0, der.raw(1)))],
  ['an address range without mask', OID.nameConstraints, subtree(ext.generalName.ip(10, 0, 0, 0))],
  ['a mask with gaps', OID.nameConstraints, subtree(ext.generalName.ip(10, 0, 0, 0, 255, 0, 255, 0))],
  [
    'a mask with gaps inside an octet',
    OID.nameConstraints,
    subtree(ext.generalName.ip(10, 0, 0, 0, 0xfd, 0, 0, 0)),
  ],
  ['no policy', OID.certificatePolicies, der.sequence()],
  ['the same policy twice', OID.certificatePolicies, der.sequence(policy('1.2.3'), policy('1.2.3'))],
  ['an empty list of qualifiers', OID.certificatePolicies, der.sequence(policy('1.2.3', der.sequence()))],
  [
    'a qualifier without value',
    OID.certificatePolicies,
    der.sequence(policy('1.2.3', der.sequence(policy('1.2.3.4')))),
  ],
  ['no mapping', OID.policyMappings, der.sequence()],
  ['half a mapping', OID.policyMappings, der.sequence(policy('1.2.3'))],
  ['no policy constraint', OID.policyConstraints, der.sequence()],
  ['a negative skip', OID.inhibitAnyPolicy, der.integer(-1)],
  ['no distribution point', OID.crlDistributionPoints, der.sequence()],
  ['a point of reasons alone', OID.crlDistributionPoints, point(der.implicit(1, der.namedBitsContent(1)))],
  ['a point without anything', OID.freshestCrl, point()],
  ['no access description', OID.authorityInfoAccess, der.sequence()],
  ['a noRevAvail that says something', OID.noRevAvail, der.element(5, der.raw(0))],
])('an extension with %s is MALFORMED when it is read, and not before', (_what, oid, value) => {
  const certificate = withExtensions(ext.extension(oid, value));
  const malformed = expect.objectContaining({ code: 'MALFORMED' });
  expect(() => parseAllExtensions(certificate)).toThrow(malformed);
  expect(() => parseAllExtensions(certificate)).toThrow(malformed);
});
