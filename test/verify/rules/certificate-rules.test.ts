import { expect, test } from '@jest/globals';
import { BASE_RULES, type Rule } from '../../../src/verify/profiles.js';
import { CERTIFICATE_RULES, type CertificateRule } from '../../../src/verify/rules/certificate-rules.js';
import { TrustStore } from '../../../src/verify/trust-store.js';
import { parseCertificate } from '../../../src/x509/certificate.js';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { newKey, postQuantumOid } from '../../pki/keys.js';
import { createIntermediate, createRoot, type Issued } from '../../pki/pki.js';
import { ask } from '../scene.js';
import { ca, caUsage, intermediate, leaf, root, rsaKey } from './scene.js';

/** Leaf first, anchor last. */
type Chain = readonly Issued[];

const below = (...authorities: readonly Issued[]): Chain => [
  leaf({ issuer: authorities[0]! }),
  ...authorities,
];
const withLeaf = (changes: Parameters<typeof leaf>[0]): Chain => [leaf(changes), intermediate, root];
const withRoot = (extensions: readonly der.Der[], options = {}): Chain => below(ca(extensions, options));
const withIntermediate = (...extensions: readonly der.Der[]): Chain =>
  below(createIntermediate(root, { subject: 'Odd CA', extensions }), root);

const key = newKey('p-256');
/** Never used to sign: any octets are one. */
const mlDsa = {
  ...key,
  spki: der.sequence(der.sequence(der.oid(postQuantumOid('ml-dsa-44'))), der.bitString(Buffer.alloc(1312))),
};
const withNull = der.sequence(der.oid(OID.ecdsaWithSha256), der.derNull());
const noName = der.sequence();
const ski = ext.subjectKeyIdentifier(key.spki);
const dnsNames = (...names: readonly string[]): der.Der =>
  ext.subjectAltName(...names.map(ext.generalName.dns));
const critical = (oid: string, value: der.Der): der.Der => ext.extension(oid, value, true);
const aki = (...fields: readonly der.Der[]): der.Der =>
  ext.extension(OID.authorityKeyIdentifier, der.sequence(...fields));
const keyIdOf = (issuer: Issued): der.Der => ext.authorityKeyIdentifier(issuer.key.spki);
const p384 = createRoot({ key: 'p-384' });
const rsa = createRoot({ key: 'rsa-2048' });

/** For each rule the chains that break it and none of the section's neighbours. */
const BREACHES: Readonly<Record<CertificateRule, readonly Chain[]>> = {
  'serial-number': [
    withLeaf({ serial: 0 }),
    withLeaf({ serial: -5 }),
    withLeaf({ serial: 2n ** 159n }),
    withRoot([ext.basicConstraints(), caUsage, ski], { key, serial: 0 }),
  ],
  'issuer-name': [below(createRoot({ subject: noName }))],
  'validity-encoding': [withLeaf({ writeTime: der.generalizedTime })],
  'ca-name': [
    below(createRoot({ subject: noName })),
    below(createIntermediate(root, { subject: noName }), root),
  ],
  'empty-subject': [withLeaf({ subject: noName })],
  'no-unique-ids': [withLeaf({ uniqueId: der.raw(0, 1) })],
  'aki-present': [
    withLeaf({ without: [OID.authorityKeyIdentifier] }),
    withLeaf({ with: [aki(der.explicit(1, ext.generalName.dn(root.name)), der.implicit(2, der.raw(1)))] }),
    below(ca([ext.basicConstraints(), caUsage, ski], { key, issuer: root }), root),
    // An anchor that another CA signed.
    below(ca([ext.basicConstraints(), caUsage, ski], { key, issuer: root })),
  ],
  'aki-not-critical': [
    withLeaf({ with: [critical(OID.authorityKeyIdentifier, keyIdOf(intermediate).subarray(9))] }),
  ],
  'ca-ski-present': [
    withRoot([ext.basicConstraints(), caUsage]),
    below(ca([ext.basicConstraints(), caUsage, keyIdOf(root)], { issuer: root }), root),
  ],
  'ski-not-critical': [
    withRoot([
      ext.basicConstraints(),
      caUsage,
      critical(OID.subjectKeyIdentifier, der.octetString(der.raw(1))),
    ]),
  ],
  'aki-is-ski-above': [withLeaf({ with: [keyIdOf(root)] })],
  'ca-key-usage': [withRoot([ext.basicConstraints(), ski], { key })],
  'cert-sign-only-ca': [withLeaf({ with: [ext.keyUsage('digitalSignature', 'keyCertSign')] })],
  'signing-key-usage': [
    withLeaf({ key: 'ed25519', with: [ext.keyUsage('digitalSignature', 'keyEncipherment')] }),
    withLeaf({ key: 'ed448', with: [ext.keyUsage('keyAgreement')] }),
    withLeaf({ key: mlDsa, with: [ext.keyUsage('digitalSignature', 'dataEncipherment')] }),
    below(ca([ext.basicConstraints(), ext.keyUsage('keyCertSign', 'decipherOnly'), ski], { key: 'ed25519' })),
  ],
  'alternative-names': [
    withLeaf({ with: [dnsNames('leaf.example', ' ')] }),
    withLeaf({ with: [dnsNames('leaf.example', '')] }),
    withLeaf({ with: [dnsNames('leaf.example', 'under_score.example')] }),
    withLeaf({ with: [dnsNames('leaf.example', 'a.*.example')] }),
    withLeaf({ with: [dnsNames('leaf.example', '192.0.2.1')] }),
    withLeaf({ with: [ext.subjectAltName(ext.generalName.rfc822('example.com'))] }),
    withLeaf({ with: [ext.subjectAltName(ext.generalName.rfc822('a@b@example.com'))] }),
    withLeaf({ with: [ext.subjectAltName(ext.generalName.uri('/relative'))] }),
  ],
  'ca-basic-constraints': [below(ca([caUsage, ski], { key, version: 1 }))],
  'basic-constraints-critical': [
    withRoot([ext.basicConstraints({ critical: false }), caUsage, ski], { key }),
    withLeaf({ with: [ext.basicConstraints({ critical: false })] }),
  ],
  'path-length-only-ca': [withLeaf({ with: [ext.basicConstraints({ ca: false, pathLength: 1 })] })],
  'name-constraints-only-ca': [
    withLeaf({ with: [ext.nameConstraints({ permitted: [ext.generalName.dns('example')] })] }),
  ],
  'name-constraints-form': [
    withLeaf({ with: [ext.nameConstraints({ excluded: [ext.generalName.dns('.test')] })] }),
  ],
  'name-constraints-critical': [
    withLeaf({ with: [ext.nameConstraints({ permitted: [ext.generalName.dns('example')] }, false)] }),
  ],
  'policy-constraints-critical': [
    withIntermediate(ext.extension(OID.policyConstraints, der.sequence(der.implicit(1, der.raw(9))))),
  ],
  'inhibit-any-policy-critical': [withIntermediate(ext.extension(OID.inhibitAnyPolicy, der.integer(9)))],
  'signature-parameters': [withLeaf({ innerAlgorithm: withNull, outerAlgorithm: withNull })],
  'no-sha1': [withLeaf({ digest: 'sha1' })],
  'rsa-2048': [withLeaf({ key: rsaKey(1024) }), below(createRoot({ key: rsaKey(1032) }))],
  'rsa-whole-octets': [withLeaf({ key: rsaKey(2052) })],
  'public-key-type': [
    withLeaf({ key: 'ed25519' }),
    withLeaf({ key: 'rsa-pss' }),
    below(createRoot({ key: 'ed448' })),
  ],
  'signature-algorithm': [
    [leaf({ issuer: p384, digest: 'sha256' }), p384],
    withLeaf({ digest: 'sha512' }),
    [leaf({ issuer: rsa, digest: 'sha224' }), rsa],
  ],
  'aki-key-only': [
    withLeaf({
      with: [
        aki(
          der.implicit(0, der.raw(1)),
          der.explicit(1, ext.generalName.dn(root.name)),
          der.implicit(2, der.raw(1)),
        ),
      ],
    }),
  ],
  'root-aki-is-own-ski': [withRoot([ext.basicConstraints(), caUsage, ski, keyIdOf(root)], { key })],
  'root-without-eku': [below(createRoot({ extensions: [ext.extendedKeyUsage(OID.serverAuth)] }))],
  'server-is-no-ca': [withLeaf({ with: [ext.basicConstraints()] })],
  'server-key-usage': [withLeaf({ with: [ext.keyUsage('digitalSignature', 'cRLSign')] })],
  'server-eku': [
    withLeaf({ without: [OID.extendedKeyUsage] }),
    withLeaf({ with: [ext.extendedKeyUsage(OID.clientAuth)] }),
    withLeaf({ with: [ext.extendedKeyUsage(OID.serverAuth, OID.anyExtendedKeyUsage)] }),
  ],
  'server-ca-eku': [
    withIntermediate(ext.extendedKeyUsage(OID.clientAuth)),
    withIntermediate(ext.extendedKeyUsage(OID.ocspSigning)),
  ],
  'server-eku-not-critical': [
    withLeaf({ with: [critical(OID.extendedKeyUsage, der.sequence(der.oid(OID.serverAuth)))] }),
  ],
  'server-names': [
    withLeaf({ without: [OID.subjectAltName] }),
    withLeaf({ with: [ext.subjectAltName(ext.generalName.rfc822('a@leaf.example'))] }),
  ],
  'server-names-critical': [
    withLeaf({ with: [critical(OID.subjectAltName, der.sequence(ext.generalName.dns('leaf.example')))] }),
  ],
  'common-name': [
    withLeaf({ subject: 'LEAF.example' }),
    withLeaf({ subject: 'other.example' }),
    withLeaf({ subject: der.name([OID.commonName, 'leaf.example'], [OID.commonName, 'leaf.example']) }),
    withLeaf({ subject: der.name([OID.commonName, der.integer(1)]) }),
    withLeaf({ subject: '10.0.0.1' }),
    withLeaf({ subject: '10.0.0.01', with: [ext.subjectAltName(ext.generalName.ip(10, 0, 0, 1))] }),
    withLeaf({ subject: '0x0a000001', with: [ext.subjectAltName(ext.generalName.ip(10, 0, 0, 1))] }),
  ],
};

function codeUnder(
  rules: readonly Rule[],
  chain: Chain,
): { readonly code: string; readonly message: string } {
  const anchor = chain.at(-1)!;
  return ask({ anchors: [anchor], profile: { rules: new Set(rules) } }, chain.slice(0, -1));
}

test('the plain chain keeps every rule of every profile', () => {
  for (const base of ['rfc5280', 'rfc5280-strict', 'webpki', 'webpki-strict'] as const) {
    expect(codeUnder([...BASE_RULES[base]], withLeaf({}))).toMatchObject({ code: 'OK' });
  }
});

const cases = Object.entries(BREACHES).flatMap(([rule, chains]) =>
  chains.map((chain, index) => ({ rule: rule as CertificateRule, chain, nth: index + 1 })),
);

test.each(cases)(
  'breach $nth of $rule is refused by that rule, and by no path validation',
  ({ rule, chain }) => {
    expect(codeUnder([], chain)).toMatchObject({ code: 'OK' });
    const verdict = codeUnder([rule], chain);
    const [, , code] = CERTIFICATE_RULES[rule];
    expect(verdict).toMatchObject({ code });
    expect(verdict.message).toContain(`(rule ${rule})`);
  },
);

test('every rule has a breach, and a profile that has it', () => {
  for (const rule of Object.keys(CERTIFICATE_RULES) as CertificateRule[]) {
    expect([rule, BREACHES[rule].length]).not.toEqual([rule, 0]);
    expect(Object.values(BASE_RULES).some((rules) => rules.has(rule))).toBe(true);
  }
});

test('an authority that passed under one profile is judged anew under another', () => {
  const odd = createRoot({ extensions: [ext.extendedKeyUsage(OID.serverAuth)] });
  const anchors = new TrustStore([parseCertificate(odd.der)]);
  const codeFor = (rule: Rule): string =>
    ask({ anchors: [], profile: { rules: new Set([rule]), anchors } }, [leaf({ issuer: odd })]).code;
  expect(['rsa-2048' as const, 'root-without-eku' as const, 'rsa-2048' as const].map(codeFor)).toEqual([
    'OK',
    'PURPOSE',
    'OK',
  ]);
});

const v6 = ext.generalName.ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0x8a, 0x2e, 3, 0x70, 0x73, 0x34);

test.each([
  ['10.0.0.1', [ext.generalName.ip(10, 0, 0, 1)]],
  ['2001:db8::8a2e:370:7334', [v6]],
  ['::1', [ext.generalName.ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)]],
  ['1:0:0:2::3', [ext.generalName.ip(0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3)]],
  ['1:2:3:4:5:6:0:8', [ext.generalName.ip(0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 0, 0, 8)]],
  ['Second.example', [ext.generalName.dns('first.example'), ext.generalName.dns('Second.example')]],
  ['leaf.example', [ext.generalName.dns('*.leaf.example')]],
  ['leaf.example', [ext.generalName.ip(10, 0, 0, 1)]],
])('the common name %s is vouched for by its subjectAltName', (subject, names) => {
  const chain = withLeaf({ subject, with: [ext.subjectAltName(...names)] });
  expect(codeUnder(['common-name'], chain).code).toBe('OK');
});

test('mail, URIs and wildcards in their usual forms are well-formed alternative names', () => {
  const names = ext.subjectAltName(
    ext.generalName.dns('*.leaf.example'),
    ext.generalName.rfc822('first.last+tag@leaf.example'),
    ext.generalName.rfc822('"odd name"@[10.0.0.1]'),
    ext.generalName.uri('https://leaf.example/path?query'),
    ext.generalName.uri('urn:uuid:0'),
  );
  expect(codeUnder(['alternative-names'], withLeaf({ with: [names] })).code).toBe('OK');
});
