import { expect, test } from '@jest/globals';
import { bitOf, ExtensionBit, extensionBit, oidOf } from '../../src/x509/extension-bit.js';
import { OID } from '../../src/x509/oid.js';
import { oidContent } from '../pki/der-builder.js';

const quickBit = (oid: string): number => {
  const content = oidContent(oid);
  return extensionBit(content, 0, content.length);
};

test('every extension that is looked for has a bit of its own, and its OID tells the bit', () => {
  const names = Object.keys(ExtensionBit) as (keyof typeof ExtensionBit)[];
  expect(new Set(names.map((name) => ExtensionBit[name])).size).toBe(names.length);
  for (const name of names) {
    expect(bitOf(OID[name])).toBe(ExtensionBit[name]);
    expect(oidOf(ExtensionBit[name])).toBe(OID[name]);
    expect([0, ExtensionBit[name]]).toContain(quickBit(OID[name]));
  }
});

test.each(['2.5.29.9', '2.5.29.15.0', '2.5.29', '2.5.30.15', '2.4.29.15', '2.5.29.127', '2.5.29.143'])(
  '%s has none',
  (oid) => {
    expect(quickBit(oid)).toBe(0);
    expect(bitOf(oid)).toBe(0);
  },
);

test('under id-ce the bit is told without reading the OID', () => {
  expect(quickBit(OID.keyUsage)).toBe(ExtensionBit.keyUsage);
  expect(quickBit(OID.noRevAvail)).toBe(ExtensionBit.noRevAvail);
});
