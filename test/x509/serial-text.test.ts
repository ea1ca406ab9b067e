import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { serialText } from '../../src/x509/serial-text.js';
import * as der from '../pki/der-builder.js';
import { createRoot } from '../pki/pki.js';

const textOf = (number: bigint): string => {
  const integer = der.integer(number);
  return serialText(integer, 2, integer.length);
};

test('a serial number is its hexadecimal, two digits an octet', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 159n), max: 2n ** 159n }), (number) => {
      const digits = (number < 0n ? -number : number).toString(16).toUpperCase();
      const even = digits.length % 2 === 0 ? digits : `0${digits}`;
      expect(textOf(number)).toBe(number < 0n ? `-${even}` : even);
    }),
  );
});

test.each([1n, 127n, 128n, 255n, 256n, -1n, -128n, -129n, -32_768n, 2n ** 158n])(
  '%d is written as Node and OpenSSL write it',
  (serial) => {
    expect(textOf(serial)).toBe(new X509Certificate(createRoot({ serial }).der).serialNumber);
  },
);

test('one that is too long is cut', () => {
  expect(serialText(Buffer.alloc(10_000, 1), 0, 10_000)).toBe(`${'01'.repeat(64)}…`);
});
