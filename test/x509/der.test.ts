import { expect, test } from '@jest/globals';
import { DerReader, TAG } from '../../src/x509/der.js';
import { X509Error } from '../../src/x509/x509-error.js';
import * as der from '../pki/der-builder.js';

const reader = (digits: string): DerReader => new DerReader(der.hex(digits));

test.each([
  ['nothing at all', '', 'missing'],
  ['a lone tag', '30', 'cut off'],
  ['an indefinite length', '3080 0000', 'indefinite'],
  ['a long form for a short length', '048101 00', 'not minimal'],
  ['a leading zero in the length', '04820001 00', 'not minimal'],
  ['a length that runs past the end', '0405 0102', 'cut off'],
  ['a length of more than four octets', '0485 0000000001 00', 'cut off'],
  ['a multi-byte tag', '1f81 0100', 'impossible tag'],
  ['the tag of BER’s end of contents', '0000', 'impossible tag'],
])('an element with %s is refused', (_what, digits, message) => {
  expect(() => reader(digits).next('field')).toThrow(X509Error);
  expect(() => reader(digits).next('field')).toThrow(message);
});

test('an element is described by its offsets, and its length may take three octets', () => {
  const content = Buffer.alloc(300, 7);
  const r = new DerReader(der.octetString(content));
  r.expect(TAG.octetString, 'field');
  expect(r).toMatchObject({ tlv: 0, from: 4, to: 304, pos: 304, done: true });
  expect(Buffer.from(r.content())).toEqual(content);
});

test('a child may not run past its parent, though bytes follow', () => {
  const r = reader('3003 0405 01 02030405');
  r.enter(TAG.sequence, 'parent');
  expect(() => r.next('child')).toThrow('child is cut off');
});

test('leaving a container with something unread is refused', () => {
  const r = reader('3006 020101 020102');
  const outer = r.enter(TAG.sequence, 'pair');
  r.integer('first');
  expect(() => r.leave(outer, 'pair')).toThrow('pair has trailing data');
});

test.each(['0101 01', '0102 0000', '0100'])('%s is no BOOLEAN', (digits) => {
  expect(() => reader(digits).boolean('flag')).toThrow(X509Error);
});

test.each(['0200', '0202 007f', '0202 ff80'])('%s is no INTEGER', (digits) => {
  expect(() => reader(digits).integer('number')).toThrow(X509Error);
});

test.each([
  ['0201 00', 0],
  ['0201 7f', 127],
  ['0202 0080', 128],
  ['0207 1fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['0207 7fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['0209 00ffffffffffffffff', Number.MAX_SAFE_INTEGER],
])('%s reads as the unsigned number %d', (digits, value) => {
  expect(reader(digits).unsigned('number')).toBe(value);
});

test('a negative number is not unsigned', () => {
  expect(() => reader('0201 80').unsigned('number')).toThrow('negative');
});

test.each(['0300', '0301 01', '0302 08ff', '0302 0101', '0303 02ff03'])('%s is no BIT STRING', (digits) => {
  expect(() => reader(digits).bitString('bits')).toThrow(X509Error);
});

test('named bits are counted from the first, trailing zeros change nothing, and bits without a name are left out', () => {
  expect(reader('0303 07 0680').namedBits('bits')).toBe((1 << 5) | (1 << 6) | (1 << 8));
  expect(reader('0302 00 06').namedBits('bits')).toBe((1 << 5) | (1 << 6));
  expect(reader('0307 00 80 00 00 00 00 01').namedBits('bits')).toBe(1);
});

test('NULL is empty', () => {
  expect(() => reader('0501 00').null('nothing')).toThrow(X509Error);
});
