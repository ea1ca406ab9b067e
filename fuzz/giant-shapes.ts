import { randomBytes } from 'node:crypto';
import type { VerifyRequest } from '../src/wire/request.js';
import { parseCertificate } from '../src/x509/certificate.js';
import { OID } from '../src/x509/oid.js';
import { certificateIssuer, scope } from '../test/pki/crl-extensions.js';
import * as der from '../test/pki/der-builder.js';
import * as ext from '../test/pki/extensions.js';
import { type KeyPair, newKey } from '../test/pki/keys.js';
import { createCertificate, createCrl, createIntermediate, createLeaf, createRoot } from '../test/pki/pki.js';
import { ask, type Shape, times } from './shape.js';

type Form = keyof typeof FORMS;

const octets = (index: number): readonly number[] => [10, index >> 16, (index >> 8) & 0xff, index & 0xff];

/** A name and a base for each number, none of them within another. */
const FORMS = {
  dns: [
    (n: number) => ext.generalName.dns(`n${n}.example`),
    (n: number) => ext.generalName.dns(`b${n}.example`),
  ],
  rfc822: [
    (n: number) => ext.generalName.rfc822(`n${n}@a.example`),
    (n: number) => ext.generalName.rfc822(`b${n}@a.example`),
  ],
  uri: [
    (n: number) => ext.generalName.uri(`http://n${n}.example/`),
    (n: number) => ext.generalName.uri(`b${n}.example`),
  ],
  ip: [
    (n: number) => ext.generalName.ip(...octets(n)),
    (n: number) => ext.generalName.ip(...octets(n + (1 << 23)), 255, 255, 255, 255),
  ],
  dn: [
    (n: number) => ext.generalName.dn(der.commonName(`é ${n}`)),
    (n: number) => ext.generalName.dn(der.commonName(`ñ ${n}`)),
  ],
} as const;

/** A leaf of so many names under a CA that excludes so many others. */
function constrained(form: Form, names: number, bases: number): VerifyRequest {
  const [name, base] = FORMS[form];
  const root = createRoot();
  const excluded = times(bases, base);
  const ca = createIntermediate(root, { extensions: [ext.nameConstraints({ excluded })] });
  const leaf = createCertificate({
    issuer: ca,
    subject: der.sequence(),
    extensions: [ext.subjectAltName(...times(names, name))],
  });
  return ask([leaf.der, ca.der], [root.der]);
}

const forms: readonly Form[] = ['dns', 'rfc822', 'uri', 'ip', 'dn'];

const CONSTRAINTS: readonly Shape[] = forms.flatMap((form) => [
  {
    name: `1,024 names × 1,024 constraints, ${form}`,
    codes: ['OK'],
    milliseconds: 500,
    request: () => constrained(form, 1024, 1024),
  },
  {
    name: `1,024 names × 1,025 constraints, ${form}`,
    codes: ['BUDGET_EXCEEDED'],
    request: () => constrained(form, 1024, 1025),
  },
  {
    name: `30,000 names × 1 constraint, ${form}`,
    codes: ['OK', 'BUDGET_EXCEEDED'],
    request: () => constrained(form, 30_000, 1),
  },
]);

/** Directory names in many certificates of one CA, tried again on every path. */
function namesOnManyPaths(): VerifyRequest {
  const root = createRoot();
  const key = newKey('p-256');
  const excluded = [ext.generalName.dn(der.commonName('x'))];
  const cas = times(200, (index) =>
    createIntermediate(root, { key, serial: index + 1, extensions: [ext.nameConstraints({ excluded })] }),
  );
  const names = times(1000, (index) => ext.generalName.dn(der.commonName(`é ${index}`)));
  const leaf = createCertificate({ issuer: cas[0]!, extensions: [ext.subjectAltName(...names)] });
  return ask([leaf.der, ...cas.map((ca) => ca.der)], [root.der], {
    purpose: 'clientAuth',
    policy: { explicit: true },
  });
}

const longName = (count: number, text: (index: number) => string): der.Der =>
  der.element(
    0x30,
    Buffer.concat(times(count, (index) => der.set(der.attributeOf([OID.commonName, text(index)])))),
  );

/** CAs with names as long as they get, written differently above and below. */
function longNames(rdns: number, cas: number): VerifyRequest {
  const root = createRoot();
  const upper = longName(rdns, (index) => `é ${index}`);
  const lower = longName(rdns, (index) => `É  ${index}`);
  const key = newKey('p-256');
  const authorities = times(cas, (index) =>
    createIntermediate(root, { subject: upper, key, serial: index + 1 }),
  );
  return ask([createLeaf({ name: lower, key }).der, ...authorities.map((one) => one.der)], [root.der]);
}

/** One attribute, of text that string preparation has to work through. */
function longValue(length: number, text: string): VerifyRequest {
  const root = createRoot();
  const key = newKey('p-256');
  const upper = der.commonName(text.repeat(length));
  const lower = der.commonName(`${text.repeat(length)} `);
  const ca = createIntermediate(root, { subject: upper, key });
  return ask([createLeaf({ name: lower, key }).der, ca.der], [root.der]);
}

/** An indirect CRL whose every entry is another issuer's. */
function manyIssuers(entries: number): VerifyRequest {
  const root = createRoot();
  const revoked = times(entries, (index) => ({
    serial: index + 1,
    extensions: [certificateIssuer(der.commonName(`é ${index}`))],
  }));
  const list = createCrl(root, { revoked, extensions: [scope({ indirect: true })] }).der;
  return ask([createLeaf(root).der], [root.der], { revocation: 'hard', crls: [list] });
}

/** CRLs of one issuer, signed by it. */
function longCrls(count: number, entries: number): VerifyRequest {
  const root = createRoot();
  const revoked = times(entries, (index) => ({ serial: index + 1 }));
  const lists = times(
    count,
    (number) => createCrl(root, { revoked, extensions: [ext.crlNumber(number)] }).der,
  );
  return ask([createLeaf(root).der], [root.der], { revocation: 'hard', crls: lists });
}

/** Issuers of the name of the leaf's, each with a key of its own; none of them signed the leaf. */
function strangers(count: number, keyOf: (index: number) => KeyPair, signatureOctets = 0): VerifyRequest {
  const root = createRoot();
  const leaf = createLeaf({ name: der.commonName('Namesake'), key: keyOf(0) });
  const issuers = times(
    count,
    (index) =>
      createIntermediate(root, { subject: 'Namesake', key: keyOf(index + 1), serial: index + 1 }).der,
  );
  const first = signatureOctets === 0 ? leaf.der : withSignature(leaf.der, signatureOctets);
  return ask([first, ...issuers], [root.der]);
}

/** A signature of the right length is as far as a wrong one gets. */
function withSignature(certificate: Uint8Array, count: number): Uint8Array {
  const { tbs, signatureAlgorithm } = parseCertificate(certificate);
  return der.sequence(tbs, signatureAlgorithm.der, der.bitString(Buffer.alloc(count, 1)));
}

/** An RSA key of an unknown CA, which signs with the real one. */
function rsaKey(bits: number, exponent: bigint): KeyPair {
  const modulus = randomBytes(bits / 8);
  modulus[0]! |= 0x80;
  modulus[modulus.length - 1]! |= 1;
  const key = der.sequence(der.integer(BigInt(`0x${modulus.toString('hex')}`)), der.integer(exponent));
  const algorithm = der.sequence(der.oid(OID.rsaEncryption), der.derNull());
  return { ...SIGNER, spki: der.sequence(algorithm, der.bitString(key)) };
}

const SIGNER = newKey('rsa-2048');
const p521 = times(32, () => newKey('p-521'));
const rsa8192 = times(32, () => rsaKey(8192, 2n ** 33n - 1n));

export const GIANT_SHAPES: readonly Shape[] = [
  ...CONSTRAINTS,
  {
    name: '1,000 directory names on 200 paths',
    codes: ['NO_VALID_POLICY', 'BUDGET_EXCEEDED'],
    request: namesOnManyPaths,
  },
  { name: 'a subject of 100,000 RDNs', codes: ['BUDGET_EXCEEDED'], request: () => longNames(100_000, 1) },
  { name: '60 subjects of 800 RDNs', codes: ['BUDGET_EXCEEDED'], request: () => longNames(800, 60) },
  {
    name: 'a common name of 1,000,000 accented letters',
    codes: ['BUDGET_EXCEEDED'],
    request: () => longValue(1_000_000, 'é'),
  },
  {
    name: 'a common name of 70,000 ligatures',
    codes: ['MALFORMED'],
    request: () => longValue(70_000, 'ﷺ'),
  },
  {
    name: 'an indirect CRL of 20,000 issuers',
    codes: ['BUDGET_EXCEEDED'],
    request: () => manyIssuers(20_000),
  },
  { name: 'a CRL of 100,000 entries', codes: ['OK'], request: () => longCrls(1, 100_000) },
  { name: '5 CRLs of 50,000 entries', codes: ['BUDGET_EXCEEDED'], request: () => longCrls(5, 50_000) },
  {
    name: '100 issuers with P-521 keys',
    codes: ['BUDGET_EXCEEDED'],
    request: () => strangers(100, (index) => p521[index === 0 ? 0 : 1 + (index % 31)]!),
  },
  {
    name: '100 issuers with RSA keys of 8,192 bits and an exponent of 33',
    codes: ['BUDGET_EXCEEDED'],
    request: () => strangers(100, (index) => rsa8192[index % 32]!, 1024),
  },
  {
    name: 'an issuer with an RSA key of 65,536 bits',
    codes: ['BAD_KEY'],
    request: () => strangers(1, () => rsaKey(65_536, 65_537n)),
  },
  {
    name: 'an issuer with an RSA exponent as long as the modulus',
    codes: ['BAD_KEY'],
    request: () => strangers(1, () => rsaKey(2048, 2n ** 2047n - 1n)),
  },
  {
    name: 'an issuer with an RSA exponent of 1',
    codes: ['BAD_KEY'],
    request: () => strangers(1, () => rsaKey(2048, 1n)),
  },
];
