import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { leafFirst } from '../../src/x509/leaf-first.js';
import { readPkiObjects, readPkiText } from '../../src/x509/pki-objects.js';
import { withComponent } from '../component.js';
import { certsOnly, trustSettings } from '../pki/cms.js';
import * as der from '../pki/der-builder.js';
import { DISGUISES } from '../pki/disguises.js';
import * as ext from '../pki/extensions.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  pemOf,
} from '../pki/pki.js';
import { openssl } from './openssl-text.js';

const root = createRoot();
const intermediate = createIntermediate(root);
const leaf = createLeaf(intermediate);
const crl = createCrl(root, { revoked: [{ serial: 7 }] });

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const read = (text: string | Buffer) =>
  readPkiObjects(typeof text === 'string' ? bytes(text) : text, 'certificate').certificates;

test.each(['CERTIFICATE', 'X509 CERTIFICATE', 'X.509 CERTIFICATE', 'TRUSTED CERTIFICATE'])(
  'the label %s is that of a certificate, and its place is kept',
  (label) => {
    expect(read(pemOf(label, leaf.der) + intermediate.pem)).toEqual([leaf.der, intermediate.der]);
  },
);

test.each(['PKCS7', 'CMS', 'PKCS #7 SIGNED DATA', 'CERTIFICATE CHAIN'])(
  'the label %s is that of a message',
  (label) => {
    expect(read(pemOf(label, certsOnly([leaf.der, intermediate.der])))).toEqual([leaf.der, intermediate.der]);
  },
);

test.each(['X509 CRL', 'CRL'])('the label %s is that of a CRL', (label) => {
  expect(readPkiText(pemOf(label, crl.der)).crls).toEqual([crl.der]);
});

test.each([
  'CERTIFICATE REQUEST',
  'NEW CERTIFICATE REQUEST',
  'PUBLIC KEY',
  'RSA PUBLIC KEY',
  'ATTRIBUTE CERTIFICATE',
  'certificate',
  'CERTIFICATE 1',
  'OLD CERTIFICATE',
  'PGP SIGNATURE',
  'SOMETHING ELSE',
])('the label %s is an error that names it', (label) => {
  const text = pemOf(label, leaf.der) + intermediate.pem;
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: 'UNEXPECTED_PEM', message: expect.stringContaining(`"${label}"`) }),
  );
});

test.each([
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'OPENSSH PRIVATE KEY',
  'EC PARAMETERS',
  'DH PARAMETERS',
])('the label %s is passed over, with a word about it', (label) => {
  const block = `-----BEGIN ${label}-----\nProc-Type: 4,ENCRYPTED\n\nAQ==\n-----END ${label}-----\n`;
  const found = readPkiText(block + leaf.pem + block);
  expect(found.certificates).toEqual([leaf.der]);
  expect(found.remarks).toEqual(Array(2).fill(expect.stringContaining(label)));
});

test("a private key's block cannot hide what stands behind it", () => {
  const open = '-----BEGIN PRIVATE KEY-----\nAQ==\n';
  expect(() => read(open + leaf.pem + intermediate.pem)).toThrow(
    expect.objectContaining({ code: 'BAD_PEM' }),
  );
});

test('trust settings of OpenSSL are dropped and said so, and what they distrust is told', () => {
  const client = '1.3.6.1.5.5.7.3.2';
  const trusted = (settings: Buffer): string =>
    pemOf('TRUSTED CERTIFICATE', Buffer.concat([root.der, settings]));
  for (const [settings, distrusted] of [
    [trustSettings([client]), []],
    [trustSettings([], [client]), [root.der]],
    [trustSettings([client], [client]), [root.der]],
  ] as const) {
    const found = readPkiText(trusted(settings));
    expect(found.certificates).toEqual([root.der]);
    expect(found.remarks).toEqual([expect.stringContaining('dropped')]);
    expect(found.distrusted).toEqual(distrusted);
  }
  expect(() => readPkiText(trusted(Buffer.from([1, 2, 3])))).toThrow(
    expect.objectContaining({ code: 'WRONG_CONTENT' }),
  );
});

const EXPLANATORY = [
  'Bag Attributes',
  '    localKeyID: 54 69 6D 65 20 31 35 36 39 30 33 32 38 34 33 31 30 37 ',
  '    friendlyName: {0A8E07A5-1B9F-18B6-0000-0123456789AB}',
  'Key Attributes: <No Attributes>',
  'subject=C = US, O = Example, CN = leaf.example',
  'issuer=/C=US/O=Example/CN=Example CA',
  '0 s:CN = leaf.example',
  '   i:CN = Example CA',
  '   a:PKEY: id-ecPublicKey, 256 (bit); sigalg: ecdsa-with-SHA256',
  '---',
  '----------------------------------------------------------------------',
  '======================================================================',
  'Certificate chain',
  'GlobalSign Root CA',
  'ACCVRAIZ1',
  '# the CA of the department, from http://crl.example/ca/path/to/the/certificate.cer',
  'SHA256 Fingerprint=AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99',
  'Fingerprint: 3b0e2c4a5d6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809',
  'pin-sha256="d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM="',
  'Größe: 1 Stück – на русском',
];

test('explanatory text stands around blocks', () => {
  for (const line of EXPLANATORY) {
    expect(readPkiText(`${line}\n${leaf.pem}${line}\r\n${intermediate.pem}${line}`).certificates).toEqual([
      leaf.der,
      intermediate.der,
    ]);
    expect(read(Buffer.from(`${line}\n${leaf.pem}`))).toEqual([leaf.der]);
  }
});

withComponent('openssl')('what openssl prints beside a certificate is explanatory', () => {
  for (const key of ['rsa-2048', 'p-256', 'p-384', 'p-521', 'ed25519'] as const) {
    const own = createRoot({ key });
    const other = createLeaf(own, {
      key,
      extensions: [ext.crlDistributionPoints('http://crl.example/a.crl')],
    });
    const text = [own, other]
      .map(({ pem }) => openssl(['x509', '-text', '-fingerprint', '-modulus'], pem))
      .join('');
    expect(read(text)).toEqual([own.der, other.der]);
    const list = createCrl(own, { revoked: [{ serial: 5 }] });
    expect(readPkiText(openssl(['crl', '-text', '-fingerprint'], list.pem)).crls).toEqual([list.der]);
  }
});

test.each(DISGUISES)('%s in front of a CA is never passed over', (_, disguise) => {
  const text = `${disguise(leaf.der, leaf.pem)}\n${intermediate.pem}${root.pem}`;
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(?:UNEXPECTED_TEXT|BAD_PEM|UNEXPECTED_PEM)$/) }),
  );
  expect(() => read(Buffer.from(text, 'utf8'))).toThrow(/./);
  expect(() => readPkiText(text)).toThrow(/./);
});

test('whatever stands around it, the certificate that comes first is the one that is read first, or none is', () => {
  const line = fc.oneof(fc.constantFrom(...EXPLANATORY), fc.string({ unit: 'binary' }), fc.base64String());
  const disguise = fc.constantFrom<(der: Buffer, pem: string) => string>(
    (_, pem) => pem,
    ...DISGUISES.map(([, each]) => each),
  );
  const keys = ['rsa-2048', 'p-256', 'ed25519'] as const;
  const leaves = keys.map((key) => createLeaf(intermediate, { key }));
  fc.assert(
    fc.property(
      fc.constantFrom(...leaves),
      disguise,
      line,
      line,
      fc.constantFrom('\n', '\r\n'),
      (own, write, before, behind, end) => {
        const text = [before, write(own.der, own.pem), behind, intermediate.pem]
          .join('\n')
          .replaceAll('\n', end);
        let first: Buffer | undefined;
        try {
          [first] = readPkiText(text).certificates;
        } catch {
          return;
        }
        expect(first).toEqual(own.der);
      },
    ),
  );
});

test('a DER certificate is read whole, with PEM inside it or not', () => {
  const comment = der.ia5String(leaf.pem + intermediate.pem);
  const evil = createCertificate({ extensions: [ext.extension('2.16.840.1.113730.1.13', comment)] });
  expect(read(evil.der)).toEqual([evil.der]);
  for (const spoilt of [evil.der.subarray(0, -1), Buffer.concat([evil.der, Buffer.from('\n')])]) {
    expect(() => read(spoilt)).toThrow(expect.objectContaining({ code: 'UNEXPECTED_TEXT' }));
  }
});

test('DER that is cut off, or longer than it says, is left to its parser', () => {
  for (const spoilt of [leaf.der.subarray(0, -1), Buffer.concat([leaf.der, Buffer.from([0])])]) {
    expect(read(spoilt)).toEqual([spoilt]);
  }
});

test.each([
  ['a line that begins with 0', (pem: string) => bytes(`0 s:CN = leaf\n${pem}`)],
  ['a byte order mark of UTF-8', (pem: string) => Buffer.from(`\u{feff}${pem}`)],
  [
    'a byte order mark in each of the joined files',
    (pem: string) => Buffer.from(`\u{feff}${pem}\u{feff}${root.pem}`),
  ],
  ['UTF-16, little-endian, marked', (pem: string) => Buffer.from(`\u{feff}${pem}`, 'utf16le')],
  ['UTF-16, big-endian, marked', (pem: string) => Buffer.from(`\u{feff}${pem}`, 'utf16le').swap16()],
  ['UTF-16, little-endian', (pem: string) => Buffer.from(pem, 'utf16le')],
  ['UTF-16, big-endian', (pem: string) => Buffer.from(pem, 'utf16le').swap16()],
  ['lines that end in CR LF', (pem: string) => bytes(pem.replaceAll('\n', '\r\n'))],
  ['lines that end in CR', (pem: string) => bytes(pem.replaceAll('\n', '\r'))],
  ['spaces at the ends of lines', (pem: string) => bytes(pem.replaceAll('\n', '  \n'))],
])('%s: PEM is read', (_, write) => {
  expect(read(write(leaf.pem)).slice(0, 1)).toEqual([leaf.der]);
});

test('a message that comes first keeps no order: the certificate that issued no other is the one in question', () => {
  const others = [root.der, intermediate.der];
  for (const all of [
    [leaf.der, ...others],
    [...others, leaf.der],
    [others[1]!, leaf.der, others[0]!],
  ]) {
    const found = leafFirst(readPkiObjects(certsOnly(all, [crl.der]), 'certificate'));
    expect([found[0], found.length]).toEqual([leaf.der, 3]);
  }
  expect(readPkiObjects(certsOnly([leaf.der], [crl.der]), 'crl').crls).toEqual([crl.der]);
  const second = createLeaf(intermediate, { dns: ['other.example'] });
  for (const odd of [
    [leaf.der, second.der],
    [leaf.der, Buffer.from(der.sequence())],
  ]) {
    expect(() => leafFirst(readPkiObjects(certsOnly(odd), 'certificate'))).toThrow(/which one is meant/);
  }
  const behind = readPkiText(leaf.pem + pemOf('PKCS7', certsOnly(others)));
  expect(leafFirst(behind)).toEqual([leaf.der, ...others]);
});

const request = Buffer.from(
  der.sequence(
    der.sequence(der.integer(0), leaf.name, leaf.key.spki, der.element(0xa0)),
    der.sequence(der.oid('1.2.840.10045.4.3.2')),
    der.bitString(Buffer.alloc(8)),
  ),
);
const store = Buffer.from(
  der.sequence(der.integer(3), der.sequence(der.oid('1.2.840.113549.1.7.1'), der.element(0xa0))),
);
const privateKey = Buffer.from(
  der.sequence(der.integer(0), der.sequence(der.oid('1.3.101.112')), der.octetString(Buffer.alloc(34))),
);

test.each([
  ['a CRL', crl.der],
  ['a certificate request', request],
  ['a PKCS #12 store', store],
  ['a private key', privateKey],
  ['a public key', Buffer.from(leaf.key.spki)],
  ['a Java key store', Buffer.from('feedfeed00000002', 'hex')],
  ['compressed with gzip', Buffer.from('1f8b0800', 'hex')],
  ['an indefinite length', Buffer.from('3080', 'hex')],
  ['is empty', Buffer.alloc(0)],
  ['begins with "<!DOCTYPE', Buffer.from('<!DOCTYPE html>')],
  ['base64 without BEGIN', Buffer.from(leaf.der.toString('base64'))],
  ['hexadecimal without BEGIN', Buffer.from(leaf.der.toString('hex'))],
])('where a certificate belongs, %s is named', (what, content) => {
  expect(() => read(content)).toThrow(
    expect.objectContaining({ code: 'WRONG_CONTENT', message: expect.stringContaining(what) }),
  );
});

test('a block that holds something else than its label says is named', () => {
  expect(() => read(pemOf('CERTIFICATE', crl.der))).toThrow(
    /CERTIFICATE block holds a CRL, not a certificate/,
  );
  expect(() => read(pemOf('X509 CRL', leaf.der))).toThrow(/X509 CRL block holds a certificate, not a CRL/);
  expect(() => readPkiObjects(leaf.der, 'crl')).toThrow(/it is a certificate, not a CRL/);
});
