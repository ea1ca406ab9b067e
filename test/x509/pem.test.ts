import { expect, test } from '@jest/globals';
import { parsePem } from '../../src/x509/pem.js';

const block = (label: string, base64: string): string =>
  `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;

test('blocks are read in order, and text around them is passed over', () => {
  const plain = `notes\n${block('CERTIFICATE', 'AQI=\r')}more\n${block('X509 CRL', 'AwQF\nBgcI')}`;
  expect(parsePem(plain).map(({ label, der }) => [label, der.toString('hex')])).toEqual([
    ['CERTIFICATE', '0102'],
    ['X509 CRL', '030405060708'],
  ]);
});

test.each([
  ['no end', '-----BEGIN CERTIFICATE-----\nAQI=\n', 'BAD_PEM'],
  ['another end', '-----BEGIN CERTIFICATE-----\nAQI=\n-----END X-----\n', 'BAD_PEM'],
  ['a begin inside', '-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n', 'BAD_PEM'],
  ['dashes that begin nothing', '-----BEGN CERTIFICATE-----\n', 'BAD_PEM'],
  ['an empty block', block('CERTIFICATE', ''), 'BAD_BASE64'],
  ['letters that are not base64', block('CERTIFICATE', 'AQ!='), 'BAD_BASE64'],
  ['white space inside a line', block('CERTIFICATE', 'AQ I='), 'BAD_BASE64'],
  ['the URL alphabet', block('CERTIFICATE', '-_8='), 'BAD_BASE64'],
  ['missing padding', block('CERTIFICATE', 'AQI'), 'BAD_BASE64'],
  ['bits left over', block('CERTIFICATE', 'AQJ='), 'BAD_BASE64'],
  ['padding inside', block('CERTIFICATE', 'AQI=AQI='), 'BAD_BASE64'],
])('%s is refused', (_, text, code) => {
  expect(() => parsePem(text)).toThrow(expect.objectContaining({ code }));
});
