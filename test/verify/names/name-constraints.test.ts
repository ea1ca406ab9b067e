import { expect, test } from '@jest/globals';
import type { BaseProfile } from '../../../src/config/config.js';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { newKey } from '../../pki/keys.js';
import { createCertificate, createIntermediate, createLeaf, createRoot, type Issued } from '../../pki/pki.js';
import { ask } from '../scene.js';

const { dns, rfc822, uri, ip, dn, other, x400, edi, rid } = ext.generalName;
const key = newKey('p-256');
const root = createRoot({ key });
const EMPTY = der.name();

interface Subtrees {
  readonly permitted?: readonly der.Der[];
  readonly excluded?: readonly der.Der[];
}

const constrainedCa = (subtrees: Subtrees, issuer: Issued = root, subject = 'CA'): Issued =>
  createIntermediate(issuer, { key, subject, extensions: [ext.nameConstraints(subtrees)] });

/** A leaf with an empty subject, unless one is given. */
const named = (issuer: Issued, names: readonly der.Der[], subject: der.Der = EMPTY): Issued =>
  createCertificate({
    key,
    issuer,
    subject,
    extensions: names.length === 0 ? [] : [ext.subjectAltName(...names)],
  });

function codeFor(subtrees: Subtrees, names: readonly der.Der[], subject?: der.Der): string {
  const ca = constrainedCa(subtrees);
  return ask({ anchors: [root] }, [named(ca, names, subject), ca]).code;
}

const person = (...rdns: readonly (readonly [string, string | der.Der])[]): der.Der => der.name(...rdns);
const C = ['2.5.4.6', der.printableString('US')] as const;
const O = ['2.5.4.10', 'Example Bank'] as const;

/** Base, name, does the name lie within? `unclear`: neither permitted nor excluded lets it pass. */
const CASES: readonly (readonly [base: der.Der, name: der.Der, within: boolean | 'unclear', why: string])[] =
  [
    [dns('example.com'), dns('example.com'), true, 'DNS: zero labels more'],
    [dns('example.com'), dns('A.b.EXAMPLE.com'), true, 'DNS: more labels, any case'],
    [dns('EXAMPLE.com'), dns('example.com'), true, 'DNS: a base in any case'],
    [dns('example.com'), dns('badexample.com'), false, 'DNS: labels, not letters'],
    [dns('a.example.com'), dns('example.com'), false, 'DNS: the name above'],
    [dns(''), dns('example.com'), true, 'DNS: the empty base'],
    [dns('.example.com'), dns('a.example.com'), true, 'DNS: a leading period, beneath'],
    [dns('.example.com'), dns('example.com'), false, 'DNS: a leading period, the domain itself'],
    [dns('example.com'), dns('*.example.com'), true, 'DNS: a wildcard within'],
    [dns('example.com'), dns('*.a.example.com'), true, 'DNS: a wildcard beneath'],
    [dns('.example.com'), dns('*.example.com'), true, 'DNS: a wildcard right below a leading period'],
    [dns('b.a.example.com'), dns('*.example.com'), false, 'DNS: a wildcard is one label'],
    [dns('example.com'), dns('example.com.'), 'unclear', 'DNS: a final dot'],
    [dns('example.com'), dns('a..example.com'), 'unclear', 'DNS: an empty label'],
    [dns('example.com'), dns(''), 'unclear', 'DNS: nothing'],
    [dns('example.com'), dns('f*.example.com'), 'unclear', 'DNS: a wildcard within a label'],
    [dns('example.com'), dns('a.*.example.com'), 'unclear', 'DNS: a wildcard that is not first'],
    [dns('example.com'), dns('*'), 'unclear', 'DNS: a wildcard alone'],
    [dns('example.com'), dns('a b.example.com'), 'unclear', 'DNS: a space'],
    [dns('example.com'), dns(`${'a'.repeat(64)}.example.com`), 'unclear', 'DNS: a label of 64'],
    [dns('*.example.com'), dns('a.example.com'), 'unclear', 'DNS: a wildcard as base'],
    [dns('.'), dns('a.example.com'), 'unclear', 'DNS: a lone period as base'],
    [dns('example.com.'), dns('a.example.com'), 'unclear', 'DNS: a final dot of the base'],
    [dns('example.com.'), dns('evil.org'), false, 'DNS: a final dot of the base, another domain'],

    [rfc822('root@example.com'), rfc822('root@EXAMPLE.com'), true, 'mail: a mailbox, the host in any case'],
    [rfc822('root@example.com'), rfc822('Root@example.com'), false, 'mail: a local part in its own case'],
    [rfc822('root@example.com'), rfc822('"root"@example.com'), 'unclear', 'mail: the same mailbox in quotes'],
    [
      rfc822('root@example.com'),
      rfc822(String.raw`"r\oot"@example.com`),
      'unclear',
      'mail: and with a quoted pair',
    ],
    [rfc822('"root"@example.com'), rfc822('"root"@example.com'), true, 'mail: a mailbox in quotes'],
    [rfc822('"root"@example.com'), rfc822('root@a.example.com'), false, 'mail: in quotes, at another host'],
    [rfc822('*@example.com'), rfc822('any@example.com'), false, 'mail: an asterisk is an asterisk'],
    [rfc822('example.com'), rfc822('any@example.com'), true, 'mail: a host'],
    [rfc822('example.com'), rfc822('any@mail.example.com'), false, 'mail: another host'],
    [rfc822('example.com'), rfc822('"any@evil.org"@example.com'), true, 'mail: an @ in quotes'],
    [rfc822('.example.com'), rfc822('any@mail.example.com'), true, 'mail: a domain'],
    [rfc822('.example.com'), rfc822('any@a.b.example.com'), true, 'mail: a domain, deeper'],
    [rfc822('.example.com'), rfc822('any@example.com'), false, 'mail: a domain is not its host'],
    [rfc822('example.com'), rfc822('example.com'), 'unclear', 'mail: no local part'],
    [rfc822('example.com'), rfc822('@example.com'), 'unclear', 'mail: an empty local part'],
    [rfc822('example.com'), rfc822('a@b@example.com'), 'unclear', 'mail: two @'],
    [rfc822('example.com'), rfc822('any@[192.0.2.1]'), 'unclear', 'mail: an address literal'],
    [rfc822('example.com'), rfc822('any@example.com.'), 'unclear', 'mail: a final dot'],
    [rfc822(''), rfc822('any@example.com'), 'unclear', 'mail: an empty base'],
    [rfc822('@example.com'), rfc822('any@example.com'), 'unclear', 'mail: a base with an empty local part'],
    [rfc822('a@.example.com'), rfc822('a@b.example.com'), 'unclear', 'mail: a mailbox at a domain as base'],

    [uri('host.example.com'), uri('https://HOST.example.com/a?b#c'), true, 'URI: a host'],
    [uri('host.example.com'), uri('ldap://host.example.com:389'), true, 'URI: a host with a port'],
    [
      uri('host.example.com'),
      uri('ftp://user:pass@host.example.com:21/'),
      true,
      'URI: a host behind userinfo',
    ],
    [uri('host.example.com'), uri('http://a.host.example.com/'), false, 'URI: a host is no domain'],
    [uri('.example.com'), uri('http://a.host.example.com/'), true, 'URI: a domain'],
    [uri('.example.com'), uri('http://example.com/'), false, 'URI: a domain is not its host'],
    [uri('host.example.com'), uri('http://evil.org/@host.example.com/'), false, 'URI: an @ in the path'],
    [uri('host.example.com'), uri('http://evil.org?@host.example.com/'), false, 'URI: an @ in the query'],
    [uri('.example.com'), uri('urn:example:a'), 'unclear', 'URI: no authority'],
    [uri('.example.com'), uri('mailto:a@host.example.com'), 'unclear', 'URI: an address, no authority'],
    [uri('.example.com'), uri('//host.example.com/'), 'unclear', 'URI: no scheme'],
    [uri('.example.com'), uri('http:///host.example.com'), 'unclear', 'URI: an empty host'],
    [uri('.example.com'), uri('http://192.0.2.1/'), 'unclear', 'URI: an IPv4 address'],
    [uri('.example.com'), uri('http://[2001:db8::1]/'), 'unclear', 'URI: an IPv6 address'],
    [uri('.example.com'), uri('http://192.0.0x2.0x1/'), 'unclear', 'URI: an IPv4 address, spelt oddly'],
    [uri('.example.com'), uri('http://localhost/'), 'unclear', 'URI: a host that is not fully qualified'],
    [uri('.example.com'), uri(String.raw`http://evil.org\@a.example.com/`), 'unclear', 'URI: a backslash'],
    [uri('.example.com'), uri('http://a%2eexample.com/'), 'unclear', 'URI: an escape in the host'],
    [uri('.example.com'), uri('http://a.example.com:80:80/'), 'unclear', 'URI: two ports'],
    [uri('http://example.com'), uri('http://example.com/'), 'unclear', 'URI: a URI as base'],
    [uri(''), uri('http://example.com/'), 'unclear', 'URI: an empty base'],

    [ip(192, 0, 2, 0, 255, 255, 255, 0), ip(192, 0, 2, 255), true, 'IP: within'],
    [ip(192, 0, 2, 0, 255, 255, 255, 0), ip(192, 0, 3, 0), false, 'IP: beside'],
    [ip(192, 0, 2, 9, 255, 255, 255, 0), ip(192, 0, 2, 1), true, 'IP: a base with bits beyond its mask'],
    [ip(0, 0, 0, 0, 0, 0, 0, 0), ip(192, 0, 2, 1), true, 'IP: all of IPv4'],
    [ip(...Array<number>(32).fill(0)), ip(192, 0, 2, 1), false, 'IP: all of IPv6 has no IPv4'],
    [
      ip(0x20, 1, 0xd, 0xb8, ...Array<number>(12).fill(0), 255, 255, 255, 255, ...Array<number>(12).fill(0)),
      ip(0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 1),
      true,
      'IP: within IPv6',
    ],

    [dn(person(C, O)), dn(person(C, O)), true, 'DN: the base itself'],
    [dn(person(C, O)), dn(person(C, O, ['2.5.4.3', 'me'])), true, 'DN: more RDNs'],
    [dn(person(C, O)), dn(person(C)), false, 'DN: fewer RDNs'],
    [dn(person(C, O)), dn(person(O, C)), false, 'DN: another order'],
    [dn(person(C, O)), dn(person(C, ['2.5.4.10', 'Example Banker'])), false, 'DN: a longer value'],
    [
      dn(person(C, O)),
      dn(person(C, ['2.5.4.10', der.printableString(' example  BANK ')])),
      true,
      'DN: by §7.1',
    ],
    [
      dn(person(C, O)),
      dn(der.sequence(der.set(der.attributeOf(C), der.attributeOf(O)))),
      false,
      'DN: one RDN of both',
    ],
    [dn(EMPTY), dn(person(C)), true, 'DN: the empty base'],
  ];

test.each(CASES)('%#: a base permits, or excludes, what lies within it', (base, name, within, why) => {
  const expected = within === 'unclear' ? [false, false] : [within, !within];
  const codes = [codeFor({ permitted: [base] }, [name]), codeFor({ excluded: [base] }, [name])];
  expect([why, ...codes]).toEqual([why, ...expected.map((valid) => (valid ? 'OK' : 'NAME_CONSTRAINT'))]);
});

test('a wildcard must lie wholly within what is permitted, and reach nothing that is excluded', () => {
  expect(codeFor({ permitted: [dns('a.example.com')] }, [dns('*.example.com')])).toBe('NAME_CONSTRAINT');
  expect(codeFor({ excluded: [dns('a.example.com')] }, [dns('*.example.com')])).toBe('NAME_CONSTRAINT');
  expect(codeFor({ excluded: [dns('b.a.example.com')] }, [dns('*.example.com')])).toBe('OK');
  expect(codeFor({ excluded: [dns('.a.example.com')] }, [dns('*.example.com')])).toBe('OK');
});

test('a form without constraints is free, and every name of a constrained form counts', () => {
  const subtrees = { permitted: [dns('example.com')] };
  expect(codeFor(subtrees, [rfc822('a@evil.org'), uri('urn:a'), ip(192, 0, 2, 1)], person(C))).toBe('OK');
  expect(codeFor(subtrees, [dns('a.example.com'), dns('evil.org')])).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [], der.commonName('evil.org'))).toBe('OK');
});

test('what is excluded stays so whatever is permitted', () => {
  const subtrees = { permitted: [dns('example.com')], excluded: [dns('a.example.com')] };
  expect(codeFor(subtrees, [dns('b.example.com')])).toBe('OK');
  expect(codeFor(subtrees, [dns('a.example.com')])).toBe('NAME_CONSTRAINT');
});

test('several CAs permit what each of them permits, and exclude what any of them excludes', () => {
  const upper = constrainedCa(
    { permitted: [dns('example.com')], excluded: [dns('x.example.com')] },
    root,
    'upper',
  );
  const lower = constrainedCa(
    { permitted: [dns('a.example.com'), dns('x.example.com'), dns('evil.org')] },
    upper,
  );
  const codeOf = (name: string): string =>
    ask({ anchors: [root] }, [named(lower, [dns(name)]), lower, upper]).code;
  expect(codeOf('a.example.com')).toBe('OK');
  expect(codeOf('b.example.com')).toBe('NAME_CONSTRAINT');
  expect(codeOf('x.example.com')).toBe('NAME_CONSTRAINT');
  expect(codeOf('evil.org')).toBe('NAME_CONSTRAINT');
});

test('directory names constrain the subject unless it is empty, and CAs too', () => {
  const subtrees = { permitted: [dn(person(C, O))] };
  expect(codeFor(subtrees, [], person(C, O))).toBe('OK');
  expect(codeFor(subtrees, [], person(C))).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [dns('example.com')])).toBe('OK');
  expect(codeFor(subtrees, [dn(person(C))], person(C, O))).toBe('NAME_CONSTRAINT');
  const upper = constrainedCa(subtrees);
  const lower = createIntermediate(upper, { key, subject: 'outside' });
  const leaf = named(lower, [], person(C, O));
  expect(ask({ anchors: [root] }, [leaf, lower, upper]).code).toBe('NAME_CONSTRAINT');
});

test('a self-issued CA is not constrained, a self-issued leaf is', () => {
  const upper = constrainedCa({ permitted: [dn(person(C))] }, root, 'CA');
  const rolledOver = createIntermediate(upper, { key: newKey('p-256'), subject: 'CA' });
  expect(ask({ anchors: [root] }, [named(rolledOver, [], person(C)), rolledOver, upper]).code).toBe('OK');
  expect(ask({ anchors: [root] }, [named(upper, [], der.commonName('CA')), upper]).code).toBe(
    'NAME_CONSTRAINT',
  );
});

test('mail addresses of the subject count in a certificate without subjectAltName', () => {
  const subtrees = { permitted: [rfc822('example.com')] };
  const subject = (value: der.Der): der.Der => person(C, [OID.emailAddress, value]);
  expect(codeFor(subtrees, [], subject(der.ia5String('a@example.com')))).toBe('OK');
  expect(codeFor(subtrees, [], subject(der.ia5String('a@evil.org')))).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [], subject(der.utf8String('a@evil.org')))).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [], subject(der.bmpString('a@example.com')))).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [dns('example.com')], subject(der.ia5String('a@evil.org')))).toBe('OK');
});

test('an SmtpUTF8Mailbox is bound by constraints on mail addresses', () => {
  const mailbox = (value: der.Der): der.Der => other(OID.smtpUtf8Mailbox, value);
  const subtrees = { permitted: [rfc822('example.com')] };
  expect(codeFor(subtrees, [mailbox(der.utf8String('ö@Example.com'))])).toBe('OK');
  expect(codeFor(subtrees, [mailbox(der.utf8String('ö@evil.org'))])).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [mailbox(der.utf8String('ö@exämple.com'))])).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [mailbox(der.ia5String('o@example.com'))])).toBe('NAME_CONSTRAINT');
  expect(codeFor(subtrees, [other('1.2.3', der.utf8String('a@evil.org'))])).toBe('OK');
});

test.each([
  ['otherName', other('1.2.3', der.derNull())],
  ['x400Address', x400()],
  ['ediPartyName', edi()],
  ['registeredID', rid('1.2.3')],
])('a constraint on %s refuses every certificate with such a name, and no other', (_form, name) => {
  expect(codeFor({ excluded: [name] }, [name])).toBe('NAME_FORM_UNSUPPORTED');
  expect(codeFor({ permitted: [name] }, [dns('example.com'), name])).toBe('NAME_FORM_UNSUPPORTED');
  expect(codeFor({ excluded: [name] }, [dns('example.com')], person(C))).toBe('OK');
});

test('an anchor constrains where it counts as a certificate', () => {
  const anchor = createRoot({ key, extensions: [ext.nameConstraints({ permitted: [dns('example.com')] })] });
  const codeUnder = (base: BaseProfile): string =>
    ask({ anchors: [anchor], base }, [named(anchor, [dns('evil.org')])]).code;
  expect(codeUnder('rfc5280')).toBe('OK');
  expect(codeUnder('rfc5280-strict')).toBe('NAME_CONSTRAINT');
});

test('rfc5280-strict wants constraints critical, both strict profiles want them in CAs and in plain form', () => {
  const codeUnder = (base: BaseProfile, ca: Issued, leaf: Issued): string =>
    ask({ anchors: [root], base }, [leaf, ca]).code;
  const lax = createIntermediate(root, {
    key,
    extensions: [ext.nameConstraints({ permitted: [dns('example.com')] }, false)],
  });
  const dotted = createIntermediate(root, {
    key,
    extensions: [ext.nameConstraints({ permitted: [dns('.example.com')] })],
  });
  const plain = createIntermediate(root, { key });
  const constraints = [ext.nameConstraints({ permitted: [dns('example.com')] })];
  const cases = [
    [lax, createLeaf(lax, { key, dns: ['a.example.com'] })],
    [dotted, createLeaf(dotted, { key, dns: ['a.example.com'] })],
    [plain, createLeaf(plain, { key, dns: ['a.example.com'], extensions: constraints })],
  ] as const;
  const codes = (base: BaseProfile): string[] => cases.map(([ca, leaf]) => codeUnder(base, ca, leaf));
  expect(codes('rfc5280')).toEqual(['OK', 'OK', 'OK']);
  expect(codes('webpki')).toEqual(['OK', 'OK', 'OK']);
  expect(codes('rfc5280-strict')).toEqual(['PROFILE_RULE', 'PROFILE_RULE', 'PROFILE_RULE']);
  expect(codes('webpki-strict')).toEqual(['OK', 'PROFILE_RULE', 'PROFILE_RULE']);
});
