import { expect, test } from '@jest/globals';
import { Budget, DEFAULT_LIMITS } from '../../../src/verify/budget.js';
import { checkPeerNames, peerNames } from '../../../src/verify/names/peer-name.js';
import type { Rule } from '../../../src/verify/profiles.js';
import type { VerifyRequest } from '../../../src/wire/request.js';
import { parseCertificate } from '../../../src/x509/certificate.js';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { createCertificate } from '../../pki/pki.js';

const leaf = parseCertificate(
  createCertificate({
    subject: 'only-in-cn.example',
    extensions: [
      ext.subjectAltName(
        ext.generalName.dns('a.example'),
        ext.generalName.dns('*.wild.example'),
        ext.generalName.dns('*'),
        ext.generalName.dns('*.top'),
        ext.generalName.dns('part*.example'),
        ext.generalName.dns('*.co.uk'),
        ext.generalName.dns('www.co.uk'),
        ext.generalName.dns('*.github.io'),
        ext.generalName.dns('*.foo.ck'),
        ext.generalName.dns('*.www.ck'),
        ext.generalName.dns('10.0.0.9'),
        ext.generalName.dns('xn--bcher-kva.example'),
        ext.generalName.ip(10, 0, 0, 1),
        ext.generalName.ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        ext.generalName.rfc822('Some.One@Example.com'),
        ext.generalName.other(OID.smtpUtf8Mailbox, der.utf8String('jörg@Example.com')),
        ext.generalName.other(OID.smtpUtf8Mailbox, der.element(0x0c, der.raw(0xff, 0x40, 0x61, 0x2e, 0x61))),
        ext.generalName.other('1.2.3', der.utf8String('other@example.com')),
      ),
    ],
  }).der,
);

function isFor(
  names: Pick<VerifyRequest, 'hosts' | 'ips' | 'emails'>,
  rules: ReadonlySet<Rule> = new Set(),
): boolean {
  const wanted = peerNames({ certificates: [], crls: [], ...names });
  try {
    checkPeerNames([leaf], wanted, rules, new Budget());
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'PEER_NAME' });
    return false;
  }
}

test.each(['a.example', 'A.EXAMPLE', 'a.example.', 'x.wild.example', 'bücher.example'])(
  'the leaf is for %s',
  (host) => {
    expect(isFor({ hosts: [host] })).toBe(true);
  },
);

test.each([
  'b.example',
  'only-in-cn.example',
  'wild.example',
  'x.y.wild.example',
  'localhost',
  'x.top',
  'partial.example',
])('the leaf is not for %s', (host) => {
  expect(isFor({ hosts: [host] })).toBe(false);
});

test.each([
  ['10.0.0.1', true],
  ['10.0.0.9', false],
  ['2001:db8::1', true],
  ['2001:0DB8:0:0:0:0:0:1', true],
  ['2001:db8::2', false],
  ['::10.0.0.1', false],
])('the leaf and the address %s: %p', (ip, expected) => {
  expect(isFor({ ips: [ip] })).toBe(expected);
});

test.each([
  '10.0.0.01',
  '10.1',
  '0x0a.0.0.1',
  '1::2::3',
  '1:2:3:4:5:6:7',
  'fe80::1%eth0',
  '[::1]',
  '',
  ':',
  '1.2.3.4:5',
])('"%s" is no address', (ip) => {
  expect(() => isFor({ ips: [ip] })).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
});

test('the local part of a mailbox counts as it is written, its domain does not', () => {
  expect(isFor({ emails: ['Some.One@EXAMPLE.com'] })).toBe(true);
  expect(isFor({ emails: ['some.one@example.com'] })).toBe(false);
});

test('an internationalised mailbox is one of the subjectAltName, octet for octet before the @', () => {
  expect(isFor({ emails: ['jörg@EXAMPLE.com'] })).toBe(true);
  expect(isFor({ emails: ['JÖRG@example.com'] })).toBe(false);
  expect(isFor({ emails: ['jo\u0308rg@example.com'] })).toBe(false);
  expect(isFor({ emails: ['other@example.com'] })).toBe(false);
});

/** ASCII that IDNA would take away, or would read the host up to. */
const OF_NO_HOST = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter(
  (character) => !/[\w.-]/.test(character),
);

test.each(OF_NO_HOST)('%j stands in no host name, nor behind the @ of a mailbox', (character) => {
  const texts = [
    `a.example${character}`,
    `${character}a.example`,
    `a${character}.example`,
    `a.example${character}/.bank.example`,
    `a.example${character}ü.example`,
    `ü.a.example${character}`,
  ];
  for (const text of texts) {
    const badArgument = expect.objectContaining({ code: 'BAD_ARGUMENT' });
    expect(() => peerNames({ certificates: [], crls: [], hosts: [text] })).toThrow(badArgument);
    expect(() => peerNames({ certificates: [], crls: [], emails: [`x@${text}`] })).toThrow(badArgument);
  }
});

test.each([
  'evil.example/.bank.example',
  '%65vil.example',
  'evil.example#x',
  'evil.example?x',
  'user@evil.example',
  'evil.example:443',
  'http://evil.example',
  'evil．example／bank',
  'a..example',
  '.a.example',
  'a.example..',
  'a.example\u3002\u3002',
  '-a.example',
  'a-.example',
  '*.example',
  '１２７.0.0.1',
  '127.0.0.1',
  '\ufffd.example',
  '\ud800.example',
  '',
  '.',
])('"%s" is not a host name', (host) => {
  expect(() => isFor({ hosts: [host] })).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
});

test.each([
  'a.example',
  '@a.example',
  'a b@a.example',
  'a"b@a.example',
  '"a@a.example',
  'a@b@a.example',
  'a@a.example.',
  'a@[10.0.0.1]',
  'a@',
  '\ufffd@a.example',
  `${'x'.repeat(256)}@a.example`,
])('"%s" is not a mailbox', (email) => {
  expect(() => isFor({ emails: [email] })).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
});

test('a name of the certificate that is not one of its form matches nothing, whatever is asked for', () => {
  const { dns, rfc822, other } = ext.generalName;
  const utf8 = (text: string): der.Der => other(OID.smtpUtf8Mailbox, der.utf8String(text));
  const odd = parseCertificate(
    createCertificate({
      extensions: [
        ext.subjectAltName(
          dns('a.example/x'),
          dns('%61.example'),
          dns('a.example#'),
          dns('a.example.'),
          dns('*.*.example'),
          rfc822('x@a.example.'),
          rfc822('x@a.example#'),
          rfc822('x y@a.example'),
          // The Kelvin sign, whose lower case is an ASCII letter.
          utf8('x@\u212a.example'),
          utf8('x@bücher.example'),
        ),
      ],
    }).der,
  );
  const matches = (names: Pick<VerifyRequest, 'hosts' | 'emails'>): boolean => {
    const wanted = peerNames({ certificates: [], crls: [], ...names });
    try {
      checkPeerNames([odd], wanted, new Set(), new Budget());
      return true;
    } catch {
      return false;
    }
  };
  for (const host of ['a.example', 'a.example.', 'b.a.example', 'x.y.example'])
    expect([host, matches({ hosts: [host] })]).toEqual([host, false]);
  for (const email of ['x@a.example', 'y@a.example', 'x@k.example', 'x@bücher.example'])
    expect([email, matches({ emails: [email] })]).toEqual([email, false]);
});

test('a mailbox in quotes is asked for, and matched, as it is written', () => {
  const quoted = parseCertificate(
    createCertificate({
      extensions: [
        ext.subjectAltName(
          ext.generalName.rfc822('"a @ b"@a.example'),
          ext.generalName.rfc822('"c"@a.example'),
        ),
      ],
    }).der,
  );
  const check = (email: string): void =>
    checkPeerNames(
      [quoted],
      peerNames({ certificates: [], crls: [], emails: [email] }),
      new Set(),
      new Budget(),
    );
  expect(() => check('"a @ b"@A.example')).not.toThrow();
  expect(() => check('"c"@a.example')).not.toThrow();
  expect(() => check('c@a.example')).toThrow(expect.objectContaining({ code: 'PEER_NAME' }));
});

test('every name that is given must match', () => {
  expect(isFor({ hosts: ['a.example', 'x.wild.example'], ips: ['10.0.0.1'] })).toBe(true);
  expect(isFor({ hosts: ['a.example', 'b.example'] })).toBe(false);
  expect(isFor({ hosts: ['a.example'], ips: ['10.0.0.2'] })).toBe(false);
});

test('names asked for times names presented are weighed before they are compared', () => {
  const wanted = peerNames({
    certificates: [],
    crls: [],
    hosts: Array.from({ length: 11 }, () => 'a.example'),
  });
  const limits = { ...DEFAULT_LIMITS, matches: 10 * leaf.subjectAltName!.length };
  expect(() => checkPeerNames([leaf], wanted.slice(1), new Set(), new Budget(limits))).not.toThrow();
  expect(() => checkPeerNames([leaf], [...wanted, ...wanted], new Set(), new Budget(limits))).toThrow(
    'looking for the names asked for would cost more',
  );
});

test('with the rule for public suffixes no wildcard stands directly above one that ICANN delegates', () => {
  const rules: ReadonlySet<Rule> = new Set(['no-wildcard-on-public-suffix']);
  expect(isFor({ hosts: ['shop.co.uk'] })).toBe(true);
  expect(isFor({ hosts: ['shop.co.uk'] }, rules)).toBe(false);
  // *.ck is a rule of the list, www.ck its exception.
  expect(isFor({ hosts: ['shop.foo.ck'] }, rules)).toBe(false);
  expect(isFor({ hosts: ['shop.www.ck'] }, rules)).toBe(true);
  // Written out it is no wildcard, and a company's own suffix is none of ICANN's.
  expect(isFor({ hosts: ['www.co.uk'] }, rules)).toBe(true);
  expect(isFor({ hosts: ['shop.github.io'] }, rules)).toBe(true);
  expect(isFor({ hosts: ['x.wild.example'] }, rules)).toBe(true);
});
