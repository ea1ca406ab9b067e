import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { Verdict } from '../../src/wire/verdict.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { createCertificate, createCrl, createLeaf, createRoot } from '../pki/pki.js';
import type { Issued } from '../pki/pki.js';
import { ask, createChain, NOW } from './scene.js';

const { root, intermediate, leaf } = createChain();
const scene = { anchors: [root] };
const listing = createCrl(intermediate, { revoked: [{ serial: leaf.serial }] }).der;

const serialOf = ({ der: bytes }: Issued): string => new X509Certificate(bytes).serialNumber;
const OF_LEAF = { subject: 'CN=leaf.example', issuer: 'CN=Test Intermediate', serial: serialOf(leaf) };

const ANSWERS: readonly [code: string, () => Verdict][] = [
  ['OK', () => ask(scene, [leaf, intermediate])],
  ['OK_SOFT', () => ask(scene, [leaf, intermediate], { revocation: 'soft' })],
  ['NO_PATH', () => ask(scene, [leaf])],
  [
    'REVOKED',
    () => ask({ ...scene, now: Date.now() }, [leaf, intermediate], { crls: [listing], revocation: 'hard' }),
  ],
  ['PEER_NAME', () => ask(scene, [leaf, intermediate], { hosts: ['other.example'] })],
  ['CRL_NONE', () => ask(scene, [leaf, intermediate], { revocation: 'hard' })],
  ['EXPIRED', () => ask({ ...scene, now: Date.parse('2050-06-01') }, [leaf, intermediate])],
  [
    'BUDGET_EXCEEDED',
    () => ask(scene, [leaf, intermediate], { crls: [Buffer.alloc(64 * 1024 * 1024)], revocation: 'hard' }),
  ],
  ['LEAF_IS_ANCHOR', () => ask({ anchors: [root, leaf] }, [leaf])],
];

test.each(ANSWERS)('a verdict %s says who was judged', (code, answer) => {
  expect(answer()).toMatchObject({ code, ...OF_LEAF });
});

test('a certificate that cannot be read has no name', () => {
  const broken = { ...leaf, der: Buffer.from('3003020101', 'hex') };
  expect(ask(scene, [broken, intermediate])).toMatchObject({
    code: 'MALFORMED',
    subject: null,
    issuer: null,
    serial: null,
  });
});

test('what is too large to be looked into is not read for its name', () => {
  const large = { ...leaf, der: Buffer.concat([leaf.der, Buffer.alloc(64 * 1024 * 1024)]) };
  expect(ask(scene, [large])).toMatchObject({ code: 'BUDGET_EXCEEDED', subject: null });
});

test('the first certificate is the one that is named, whatever stands behind it', () => {
  const other = createLeaf(intermediate, { dns: ['other.example'] });
  expect(ask(scene, [other, leaf, intermediate])).toMatchObject({ subject: 'CN=other.example' });
});

test.each<[string, Parameters<typeof ask>[2], string]>([
  ['without names', {}, 'the path holds: CN=leaf.example'],
  ['a host', { hosts: ['leaf.example'] }, 'the path holds for host leaf.example: CN=leaf.example'],
  [
    'soft',
    { revocation: 'soft', hosts: ['leaf.example'] },
    'the path holds for host leaf.example: CN=leaf.example; forgiven: there is no CRL of CN=Test Intermediate',
  ],
])(
  'the message of a valid verdict says what holds, for which names, and of whom: %s',
  (_what, request, text) => {
    expect(ask(scene, [leaf, intermediate], request).message).toBe(text);
  },
);

test('of many names three are written out', () => {
  const names = ['a', 'b', 'c', 'd', 'e'].map((label) => `${label}.example`);
  const wide = createLeaf(intermediate, { dns: names, subject: 'wide', ip: [[10, 0, 0, 1]] });
  const request = { hosts: names, ips: ['10.0.0.1'] };
  expect(ask(scene, [wide, intermediate], request).message).toBe(
    'the path holds for host a.example, host b.example, host c.example and 3 more: CN=wide',
  );
});

test.each([
  [
    'a CA under another',
    [intermediate],
    'the judged certificate is a CA: the path holds: CN=Test Intermediate',
  ],
  [
    'a CA that does not pass',
    [root],
    /^the judged certificate is a CA: CN=Test Root is itself a trust anchor/,
  ],
  [
    'a CA without a path',
    [createRoot({ subject: 'Elsewhere' })],
    /^the judged certificate is a CA: no path leads/,
  ],
])('%s is called one in the message', (_what, chain, message) => {
  const expected = typeof message === 'string' ? message : expect.stringMatching(message);
  expect(ask(scene, chain)).toHaveProperty('message', expected);
});

test('a broken basicConstraints makes no CA, and no error', () => {
  const odd = createCertificate({
    issuer: intermediate,
    subject: 'odd',
    extensions: [ext.extension('2.5.29.19', der.integer(1), true)],
  });
  expect(ask(scene, [odd, intermediate])).toMatchObject({ code: 'MALFORMED', subject: 'CN=odd' });
});

test('a certificate without a subject is called by its serial number', () => {
  const nameless = createLeaf(intermediate, { subject: der.sequence() });
  const verdict = ask(scene, [nameless, intermediate]);
  expect(verdict).toMatchObject({ code: 'OK', subject: '', serial: serialOf(nameless) });
  expect(verdict.message).toBe(
    `the path holds: the certificate without a subject (serial ${serialOf(nameless)})`,
  );
  const failure = ask(scene, [nameless, intermediate], { hosts: ['x.example'] });
  expect(failure.message).toMatch(/^the certificate without a subject \(serial [\dA-F]+\) is not for "x/);
});

test('no subject can pretend that a name was checked, or begin another answer', () => {
  const sly = createLeaf(intermediate, {
    subject: 'x for host bank.example: the path holds\nvalid OK the path holds for host bank.example',
  });
  const { message, subject } = ask(scene, [sly, intermediate]);
  expect(message.startsWith('the path holds: CN=x for host bank.example')).toBe(true);
  expect(message + subject).not.toMatch(/[\n\r\u2028]/);
});

test('a mailbox that was asked for comes into the message only as far as it is seen', () => {
  const local = 'a\u202e\nb';
  const holder = createCertificate({
    issuer: intermediate,
    subject: 'holder',
    extensions: [ext.subjectAltName(ext.generalName.rfc822('a@b.example'))],
  });
  const asked = (email: string) => () => ask(scene, [holder, intermediate], { emails: [email] });
  expect(asked('other@b.example')().message).toBe('CN=holder is not for "other@b.example"');
  for (const email of [`${local}@b.example`, local, `a@b.example\n${local}`]) {
    // oxlint-disable-next-line no-control-regex -- none may be left
    const plain = /^"[^\u202e\0-\x1f]*" is not an e-mail address$/;
    expect(asked(email)).toThrow(expect.objectContaining({ message: expect.stringMatching(plain) }));
  }
});

test('names as long as a certificate can have them leave the verdict small', () => {
  const attributes = Array.from({ length: 220 }, (): [string, string] => ['2.5.4.10', '\n'.repeat(60)]);
  const long = createLeaf(intermediate, { subject: der.name(...attributes) });
  const verdict = ask(scene, [long, intermediate]);
  expect(verdict.code).toBe('OK');
  expect(JSON.stringify(verdict).length).toBeLessThan(10_000);
  expect(verdict.checkedAt).toBe(new Date(NOW).toISOString());
});
