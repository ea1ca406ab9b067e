import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DerReader } from '../../src/x509/der.js';
import { mayBeSameName, type Name, readName, sameExactName, sameName } from '../../src/x509/name.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import { INCOMPARABLE } from '../pki/strings.js';

const text = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', ' ', 'ß', 's', 'S', '"', '+', '=', ','),
  maxLength: 4,
});
const plain = text.map((value) => value.replaceAll('ß', 'ss'));
const value = fc.oneof(
  text.map(der.utf8String),
  plain.map(der.printableString),
  plain.map(der.ia5String),
  plain.map(der.bmpString),
  plain.map((octets) => der.element(0x14, Buffer.from(octets))),
);
const attribute = fc
  .tuple(fc.constantFrom(OID.commonName, OID.domainComponent, OID.emailAddress), value)
  .map(([oid, content]) => der.attributeOf([oid, content]));
const rdn = fc.array(attribute, { minLength: 1, maxLength: 2 }).map((attributes) => der.set(...attributes));
const name = fc
  .array(rdn, { maxLength: 2 })
  .map((rdns): Name => readName(new DerReader(der.sequence(...rdns)), 'name'));

test('being the same name is an equivalence, and equal keys say it', () => {
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      const pairs = [[a, b] as const, [b, c] as const, [a, c] as const];
      const [ab, bc, ac] = pairs.map(([one, other]) => sameName(one, other));
      expect(pairs.map(([one, other]) => sameName(other, one))).toEqual([ab, bc, ac]);
      expect(pairs.map(([one, other]) => one.key === other.key)).toEqual([ab, bc, ac]);
      expect([a, b, c].every((one) => sameName(one, one))).toBe(true);
      expect(Number(ab) + Number(bc) + Number(ac)).not.toBe(2);
    }),
    { numRuns: 1000 },
  );
});

test('what is the same for certain is the same, and what is the same may be so', () => {
  const open = fc.constantFrom(...INCOMPARABLE.map(([, octets]) => octets));
  const openAttribute = open.map((content) => der.attributeOf([OID.commonName, content]));
  const any = fc
    .array(fc.array(fc.oneof(attribute, openAttribute), { minLength: 1, maxLength: 2 }), { maxLength: 2 })
    .map((rdns): Name =>
      readName(new DerReader(der.sequence(...rdns.map((one) => der.set(...one)))), 'name'),
    );
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(sameName(a, b) || !sameExactName(a, b)).toBe(true);
      expect(mayBeSameName(a, b) || !sameName(a, b)).toBe(true);
      expect(mayBeSameName(b, a)).toBe(mayBeSameName(a, b));
      if (a.isComparable && b.isComparable) expect(mayBeSameName(a, b)).toBe(sameName(a, b));
    }),
    { numRuns: 1000 },
  );
});

/** RFC 5280 §7.1 once more, slow and obvious: RDN by RDN, each attribute of one to be found in the other. */
function isSame(a: readonly Uint8Array[][], b: readonly Uint8Array[][]): boolean {
  return (
    a.length === b.length &&
    a.every((rdnOfA, index) => {
      const left = [...(b[index] ?? [])];
      if (left.length !== rdnOfA.length) return false;
      return rdnOfA.every((one) => {
        const at = left.findIndex((other) => matches(one, other));
        if (at >= 0) left.splice(at, 1);
        return at >= 0;
      });
    })
  );
}

/** Two AttributeTypeAndValues whose strings are short and hold no more than the alphabet above. */
function matches(a: Uint8Array, b: Uint8Array): boolean {
  const [left, right] = [a, b].map((one) => {
    const r = new DerReader(one);
    r.enter(0x30, 'attribute');
    const oid = r.oid('type');
    r.next('value');
    return { oid, tag: r.tag, octets: Buffer.from(r.content()) };
  }) as [Read, Read];
  if (left.oid !== right.oid) return false;
  const fold = ({ tag, octets }: Read): string =>
    (tag === 0x1e ? Buffer.from(octets).swap16().toString('utf16le') : octets.toString('utf8'))
      .toLowerCase()
      .replaceAll('ß', 'ss')
      .trim()
      .replaceAll(/ +/g, ' ');
  return fold(left) === fold(right);
}

interface Read {
  readonly oid: string;
  readonly tag: number;
  readonly octets: Buffer;
}

test('names are the same exactly when their RDNs match one by one', () => {
  const rdns = fc.array(fc.array(attribute, { minLength: 1, maxLength: 2 }), { maxLength: 2 });
  const toName = (list: readonly Uint8Array[][]): Name =>
    readName(new DerReader(der.sequence(...list.map((one) => der.set(...one)))), 'name');
  fc.assert(
    fc.property(rdns, rdns, (a, b) => {
      expect(sameName(toName(a), toName(b))).toBe(isSame(a, b));
      const turned = a.map((one) => one.toReversed());
      expect(sameName(toName(a), toName(turned))).toBe(true);
    }),
    { numRuns: 1500 },
  );
});
