import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DerReader } from '../../src/x509/der.js';
import { readTime } from '../../src/x509/time.js';
import { X509Error } from '../../src/x509/x509-error.js';
import * as der from '../pki/der-builder.js';

const read = (element: der.Der): number => readTime(new DerReader(element), 'time');
const utc = (text: string): der.Der => der.element(0x17, Buffer.from(text));
const generalized = (text: string): der.Der => der.element(0x18, Buffer.from(text));

test('every second from the year 0 to the year 9999 reads as Date has it', () => {
  const seconds = fc.integer({ min: Date.UTC(1, 0) / 1000 - 63_072_000, max: Date.UTC(9999, 11, 31) / 1000 });
  fc.assert(
    fc.property(seconds, (second) => {
      const date = new Date(second * 1000);
      fc.pre(date.getUTCFullYear() >= 0);
      expect(read(der.generalizedTime(date))).toBe(date.getTime());
    }),
  );
});

test('a UTCTime of year 50 lies in 1950, one of year 49 in 2049', () => {
  expect(read(utc('500101000000Z'))).toBe(Date.UTC(1950, 0));
  expect(read(utc('491231235959Z'))).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
});

test('GeneralizedTime before 2050 is accepted, since CAs write it', () => {
  expect(read(generalized('20240229120000Z'))).toBe(Date.UTC(2024, 1, 29, 12));
});

test.each([
  utc('2401010000Z'),
  utc('240101000000+0100'),
  utc('240101000000'),
  utc('241301000000Z'),
  utc('240001000000Z'),
  utc('230229000000Z'),
  utc('240100000000Z'),
  utc('240431000000Z'),
  utc('240101240000Z'),
  utc('240101006000Z'),
  utc('240101000060Z'),
  utc('24010100000 Z'),
  generalized('19000229000000Z'),
  generalized('20240101000000.5Z'),
  generalized('2024010100Z'),
  generalized(''),
  der.octetString(Buffer.from('240101000000Z')),
])('the time %s is refused', (element) => {
  expect(() => read(element)).toThrow(X509Error);
});
