import { expect, test } from '@jest/globals';
import { formatName } from '../../src/x509/name.js';
import { parseNameText } from '../../src/x509/name-text.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import * as der from '../pki/der-builder.js';
import { createRoot } from '../pki/pki.js';

test.each([
  ['CN=Example CA,O=Example,C=US', 'CN=Example CA,O=Example,C=US'],
  ['cn = Example CA , o = Example , c = US', 'CN=Example CA,O=Example,C=US'],
  ['CN=a+OU=b,DC=example,DC=org', 'CN=a+OU=b,DC=example,DC=org'],
  [String.raw`CN=Smith\, John \"J\"\20`, String.raw`CN=Smith\, John \"J\"\ `],
  [String.raw`CN=M\C3\BCller`, 'CN=Müller'],
  ['CN=Müller=x', 'CN=Müller=x'],
  ['2.5.4.3=by number,OID.2.5.4.10=too', 'CN=by number,O=too'],
  ['CN=#13036162 63'.replace(' ', ''), 'CN=abc'],
  ['emailAddress=ca@example.org,CN=', 'emailAddress=ca@example.org,CN='],
])('%s is read', (text, expected) => {
  expect(formatName(parseNameText(text))).toBe(expected);
});

test('a name that is typed equals that of a certificate, whatever its case and kind of string', () => {
  const subject = parseCertificate(createRoot({ subject: 'Test  Root' }).der).subject;
  expect(parseNameText('cn=test root').key).toBe(subject.key);
  const printable = der.sequence(
    der.element(0x31, der.sequence(der.oid('2.5.4.6'), der.element(0x13, Buffer.from('US')))),
    der.element(
      0x31,
      der.sequence(der.oid('0.9.2342.19200300.100.1.25'), der.element(0x16, Buffer.from('Example'))),
    ),
  );
  const certificate = parseCertificate(createRoot({ subject: printable }).der);
  expect(parseNameText('DC=example,C=us').key).toBe(certificate.subject.key);
  expect(parseNameText('DC=example,C=uk').key).not.toBe(certificate.subject.key);
});

test.each([
  ['', /is not in the form TYPE=VALUE/],
  ['Example CA', /is not in the form TYPE=VALUE/],
  ['/C=US/O=Example/CN=CA', /written with slashes/],
  ['C = US, O = Example, CN = CA', /begins with the country/],
  ['CN=a,', /is not in the form TYPE=VALUE/],
  ['CN=a;O=b', /";O=b" was not expected/],
  ['XX=a', /type XX is not known; write its OID/],
  ['3.1=a', /is not in the form TYPE=VALUE/],
  ['CN=#zz', /hexadecimal/],
  ['CN=#1303', /cut off/],
  [String.raw`CN=\ff`, /no UTF-8/],
])('"%s" is refused, saying why', (text, why) => {
  expect(() => parseNameText(text)).toThrow(why);
});
