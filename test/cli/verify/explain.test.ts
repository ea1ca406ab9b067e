import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { newKey } from '../../pki/keys.js';
import { ocspResponse, singleResponse } from '../../pki/ocsp.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../../pki/pki.js';
import { STRING_WRITERS } from '../../pki/strings.js';
import { cli } from '../captured.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-explain-'));
  const root = createRoot();
  const key = newKey('p-256');
  const good = createIntermediate(root, {
    key,
    pathLength: 0,
    extensions: [
      ext.crlDistributionPoints('http://crl.example/root.crl'),
      ext.nameConstraints({ permitted: [ext.generalName.ip(10, 0, 0, 0, 255, 0, 0, 0)] }, false),
    ],
  });
  const expired = createIntermediate(root, { key, notAfter: new Date('2021-01-01') });
  const orphan = createIntermediate(createRoot({ subject: 'Nowhere' }), { key });
  const other = createIntermediate(root, { subject: 'Bystander' });
  const plain = createIntermediate(root, { subject: 'Plain CA' });
  const renewed = createIntermediate(root, { subject: 'Plain CA', notAfter: new Date('2048-01-01') });
  const leaf = createLeaf(plain, {
    dns: ['leaf.example'],
    extensions: [ext.extension('1.2.3.4', der.derNull())],
  });
  const cross = createLeaf(good, { dns: ['cross.example'], ip: [[10, 1, 2, 3]] });
  const revoked = createLeaf(plain, { dns: ['revoked.example'] });
  const files = {
    'root.pem': root.pem,
    'leaf.pem': leaf.pem + plain.pem,
    'cross.pem': cross.pem + expired.pem + orphan.pem + other.pem,
    'revoked.pem': revoked.pem + plain.pem,
    'crls.pem': createCrl(root).pem + createCrl(plain, { revoked: [{ serial: revoked.serial }] }).pem,
    'root.crl': createCrl(root).pem,
    'leaf.ocsp': ocspResponse(plain, [singleResponse(leaf, plain)]).der,
    'wrong.ocsp': ocspResponse(plain, [singleResponse(leaf, plain)], { signer: root }).der,
    'renewed.pem': createLeaf(plain, { dns: ['renewed.example'] }).pem + renewed.pem + plain.pem,
    'constrained.der': good.der,
    'broken.der': Buffer.from('3003020101', 'hex'),
    'sly.pem': createLeaf(plain, { dns: ['a\u001b[31m.example'], subject: 'sly' }).pem + plain.pem,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

const explain = (...words: readonly string[]) =>
  cli(folder, 'explain', ...words, '--anchor', 'root.pem', '--crl', 'crls.pem');

test('a valid path is drawn from the leaf to its anchor, with each certificate’s revocation', async () => {
  const { code, out, err } = await explain('leaf.pem', '--host', 'leaf.example');
  expect([code, err]).toEqual([0, '']);
  const tree = out.slice(out.indexOf('Paths tried'), out.indexOf('\n\nCertificates'));
  expect(tree.split('\n')).toEqual([
    'Paths tried',
    '[1] CN=leaf.example',
    '└─ [2] CN=Plain CA',
    '   └─ [3] CN=Test Root, trust anchor',
    '         ✓ OK, RFC 5280 §6.1.5: the path holds',
    expect.stringMatching(/^ {11}revocation of \[1\]: good, CRL 1 \(request\) of 20.*Z, next 20.*Z$/),
    expect.stringMatching(/^ {11}revocation of \[2\]: good, CRL 1 /),
  ]);
});

test('where certificates of one name have two keys, each says which it has', async () => {
  const { out } = await explain('renewed.pem', '--at', '2026-12-01');
  const heads = out.match(/^.*\] CN=.*$/gm) ?? [];
  expect(heads.filter((line) => line.includes('CN=Plain CA ('))).toEqual(
    heads.filter((line) => line.includes('CN=Plain CA')),
  );
  expect(out).toMatch(/─ \[\d\] CN=Plain CA \(key [\da-f]{40}\)\n/);
  expect(out).toMatch(/─ \[\d\] CN=Test Root, trust anchor\n/);
  expect(out).toMatch(/ {4}key SHA-256 +[\da-f]{64}\n/);
});

test('what each certificate says stands below: names, serial, dates, key, extensions, fingerprint', async () => {
  const { out } = await explain('leaf.pem');
  const says = (pattern: RegExp): void => expect(out).toMatch(pattern);
  says(/ {4}subject +CN=leaf\.example\n {4}issuer +CN=Plain CA\n {4}serial +[\dA-F]{2,40}\n/);
  says(/valid +2020-01-01T00:00:00\.000Z to 2049-12-31T00:00:00\.000Z\n {4}key +ec, prime256v1\n/);
  says(/signed with +ecdsaWithSha256\n {4}SHA-256 +[\da-f]{64}\n/);
  says(/keyUsage! +digitalSignature\n {4}extendedKeyUsage +serverAuth\n/);
  says(/subjectAltName +dns:leaf\.example\n/);
  says(/1\.2\.3\.4 +not known to pkixd, 2 octets\n/);
  says(/basicConstraints! +CA\n {4}keyUsage! +keyCertSign, cRLSign\n/);
});

test('CRL distribution points, path lengths and name constraints are spelled out', async () => {
  const { code, out } = await explain('constrained.der');
  expect(code).toBe(0);
  expect(out).toMatch(/basicConstraints! +CA, at most 0 CAs below it\n/);
  expect(out).toMatch(/crlDistributionPoints +uri:http:\/\/crl\.example\/root\.crl\n/);
  expect(out).toMatch(/nameConstraints +permitted ip:10\.0\.0\.0\/255\.0\.0\.0\n/);
});

test('every path that failed says at which certificate and section; what no path came by is named', async () => {
  const { code, out } = await explain('cross.pem', '--revocation', 'off');
  expect(code).toBe(1);
  expect(out).toMatch(/^cross\.pem: invalid EXPIRED /);
  expect(out).toMatch(
    /✗ EXPIRED at \[\d\], RFC 5280 §6\.1\.3 \(a\)\(2\): CN=Test Intermediate was valid until/,
  );
  expect(out).toMatch(
    /✗ NO_PATH, RFC 5280 §6\.1\.3 \(a\)\(4\): no certificate at hand has the name of its issuer/,
  );
  expect(out).toMatch(/Not used\n {4}CN=Bystander: no path came by it\n/);
});

test('a revocation names the revoked certificate and its CRL', async () => {
  const { code, out } = await explain('revoked.pem');
  expect(code).toBe(1);
  expect(out).toMatch(/✗ REVOKED at \[1\], RFC 5280 §6\.1\.3 \(a\)\(3\): CN=revoked\.example was revoked/);
  expect(out).toMatch(/revocation of \[1\]: revoked, CRL 1 \(request\)/);
});

test('a name that does not match is the leaf’s failure', async () => {
  const { code, out } = await explain('leaf.pem', '--host', 'other.example');
  expect(code).toBe(1);
  expect(out).toMatch(/✗ PEER_NAME at \[1\], RFC 9525: /);
});

test('without a CRL the verdict is indeterminate and the tree says of which certificate', async () => {
  const { code, out } = await cli(folder, 'explain', 'leaf.pem', '--anchor', 'root.pem', '--local');
  expect(code).toBe(2);
  expect(out).toMatch(/\? CRL_NONE at \[\d\], RFC 5280 §6\.3\.3 \(a\): /);
  expect(out).toMatch(/revocation of \[1\]: unknown, no CRL/);
});

test('an OCSP response is named as the evidence, and when it is of no use, the tree says why', async () => {
  const ask = (file: string) =>
    cli(folder, 'explain', 'leaf.pem', '--anchor', 'root.pem', '--crl', 'root.crl', '--ocsp', file);
  const good = await ask('leaf.ocsp');
  expect(good.code).toBe(0);
  expect(good.out).toMatch(/revocation of \[1\]: good, OCSP response of 20.*Z, next 20.*Z\n/);
  const wrong = await ask('wrong.ocsp');
  expect(wrong.code).toBe(2);
  expect(wrong.out).toMatch(
    /\? OCSP_UNUSABLE at \[1\], RFC 6960 §4\.2\.2\.2: the OCSP response is of no use: /,
  );
});

test('names that look alike are told apart by their string types, or by the characters that differ', async () => {
  const root = createRoot();
  const subject = (value: der.Der): der.Der => der.name(['2.5.4.10', value]);
  const chainOf = (ofCa: der.Der, ofLeaf: der.Der): string => {
    const ca = createIntermediate(root, { subject: subject(ofCa) });
    return createLeaf({ key: ca.key, name: subject(ofLeaf) }).pem + ca.pem;
  };
  const permitted = (base: der.Der, ofLeaf: der.Der): string => {
    const constraints = ext.nameConstraints({ permitted: [ext.generalName.dn(subject(base))] });
    const ca = createIntermediate(root, { extensions: [constraints] });
    return createLeaf(ca, { subject: subject(ofLeaf) }).pem + ca.pem;
  };
  const { TeletexString } = STRING_WRITERS;
  const utf8 = der.utf8String('Bank');
  const cases = {
    'NAME_CHAINING [^\n]*: O=Bank \\(TeletexString\\) is not O=Bank \\(UTF8String\\)': chainOf(
      utf8,
      TeletexString('Bank'),
    ),
    'NO_PATH, [^\n]*; O=B\u0430nk \\(UTF8String\\) is not O=Bank \\(UTF8String\\): U\\+0430 stands where the other has U\\+0061\n':
      chainOf(utf8, der.utf8String('B\u0430nk')),
    'NAME_CONSTRAINT [^\n]*is not permitted \\(O=Bank \\(TeletexString\\) is not O=Bank \\(UTF8String\\)\\)':
      permitted(utf8, TeletexString('Bank')),
    'NAME_CONSTRAINT [^\n]*is not permitted \\(O=B ank \\(BMPString\\) is not O=Bank \\(UTF8String\\): U\\+0020 stands where the other has U\\+0061\\)':
      permitted(utf8, der.bmpString('B ank')),
    'NO_PATH, [^\n]*has the name of its issuer\n': chainOf(utf8, der.utf8String('Evil')),
  };
  writeFileSync(join(folder, 'look-alike-root.pem'), root.pem);
  for (const [message, chain] of Object.entries(cases)) {
    writeFileSync(join(folder, 'look-alike.pem'), chain);
    const words = ['look-alike.pem', '--anchor', 'look-alike-root.pem', '--revocation', 'off'];
    const { out } = await cli(folder, 'explain', ...words);
    expect(out).toMatch(new RegExp(message));
  }
});

test('control characters of a certificate do not reach the terminal', async () => {
  const { out } = await explain('sly.pem');
  expect(out).toContain('dns:a?[31m.example');
  expect(out).not.toContain('\u001b');
});

test('--json has the tree with certificates by number, and errors as objects too', async () => {
  const { code, out } = await explain('leaf.pem', 'missing.pem', 'broken.der', '--json');
  const [good, missing, broken] = out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(code).toBe(66);
  expect(good).toMatchObject({
    file: 'leaf.pem',
    verdict: { status: 'valid' },
    certificates: [
      {
        subject: 'CN=leaf.example',
        extensions: expect.arrayContaining([expect.objectContaining({ oid: '2.5.29.17' })]),
      },
      { subject: 'CN=Plain CA' },
      { subject: 'CN=Test Root' },
    ],
    tree: {
      certificate: 1,
      above: [
        {
          certificate: 2,
          above: [{ certificate: 3, isAnchor: true, endings: [{ status: 'valid', code: 'OK', at: null }] }],
        },
      ],
    },
  });
  expect(missing).toMatchObject({ file: 'missing.pem', error: { code: 'FILE_UNREADABLE' } });
  expect(broken).toMatchObject({
    verdict: { code: 'MALFORMED' },
    tree: null,
    setAside: [expect.any(String)],
  });
});

test('an anchor given as the leaf is explained though nothing was searched', async () => {
  const { code, out } = await explain('root.pem');
  expect(code).toBe(1);
  expect(out).toMatch(/^root\.pem: invalid LEAF_IS_ANCHOR /);
  expect(out).toMatch(/subject +CN=Test Root\n/);
});
