import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OID, readOid } from '../../src/x509/oid.js';
import { X509Error } from '../../src/x509/x509-error.js';
import { hex, oidContent } from '../pki/der-builder.js';

const read = (content: Uint8Array): string => readOid(content, 0, content.length, 'oid');

test('every OID that is known by name reads back as it is written', () => {
  for (const dotted of Object.values(OID)) expect(read(oidContent(dotted))).toBe(dotted);
});

test('no OID stands twice in the table', () => {
  const all = Object.values(OID);
  expect(new Set(all).size).toBe(all.length);
});

test('any OID reads back, whatever was read before', () => {
  const arc = fc.bigInt({ min: 0n, max: 1n << 70n });
  const dotted = fc.oneof(
    fc.tuple(fc.constantFrom(0n, 1n), fc.bigInt({ min: 0n, max: 39n }), fc.array(arc, { maxLength: 4 })),
    fc.tuple(fc.constant(2n), arc, fc.array(arc, { maxLength: 4 })),
  );
  fc.assert(
    fc.property(dotted, ([root, second, rest]) => {
      const text = [root, second, ...rest].join('.');
      expect(read(oidContent(text))).toBe(text);
      expect(read(oidContent(text))).toBe(text);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['empty', ''],
  ['cut off in a component', '5581'],
  ['padded at its front', '8055'],
  ['padded in a later component', '558001'],
])('an OID that is %s is refused', (_what, content) => {
  expect(() => read(hex(content))).toThrow(X509Error);
});

test('an OID of unreasonable length is refused', () => {
  expect(() => read(Buffer.alloc(65, 1))).toThrow('longer than 64');
});

test('an OID that was read is remembered by its octets, whatever becomes of the bytes they stood in', () => {
  const bytes = Buffer.from(oidContent('1.2.3.4.5'));
  for (let arc = 0; arc < 4000; arc++) {
    bytes.set(oidContent('1.2.3.4.5'));
    read(bytes);
    const other = oidContent(`1.2.3.${arc >> 7}.${arc & 0x7f}`);
    bytes.set(other.subarray(0, bytes.length));
    expect(read(Buffer.from(other))).toBe(`1.2.3.${arc >> 7}.${arc & 0x7f}`);
  }
});
