import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { verify } from '../../src/verify/verify.js';
import type { KeyType } from '../pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import { environmentOf } from './scene.js';

interface Signed {
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
}

/** One change to bytes: some are replaced, some put in, some taken out, never none. */
interface Change {
  /** Where, from 0 to 1 of the length. */
  readonly at: number;
  readonly flip: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    flip: fc.nat({ max: 7 }).map((bit) => 1 << bit),
    removed: fc.constant(0),
    inserted: fc.constant(new Uint8Array()),
  }),
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    flip: fc.constant(0),
    removed: fc.nat({ max: 3 }),
    inserted: fc.uint8Array({ maxLength: 3 }),
  }),
);

function changed(bytes: Uint8Array, { at, flip, removed, inserted }: Change): Buffer {
  const from = Math.floor(at * bytes.length);
  const copy = Buffer.from(bytes);
  if (flip === 0) return Buffer.concat([copy.subarray(0, from), inserted, copy.subarray(from + removed)]);
  copy[from]! ^= flip;
  return copy;
}

test.each<KeyType>(['p-256', 'rsa-2048', 'rsa-pss', 'ed25519', 'ed448'])(
  'no byte of a valid %s chain or of its CRLs can be changed and leave it valid',
  (key) => {
    const root = createRoot({ key });
    const ca = createIntermediate(root, { key });
    const leaf = createLeaf(ca, { key });
    const whole: Signed = {
      certificates: [leaf.der, ca.der],
      crls: [createCrl(root).der, createCrl(ca, { revoked: [{ serial: 1 }] }).der],
    };
    const scene = { anchors: [root], now: Date.now() };
    // The one remembers the unchanged chain: that must help no changed one.
    const warm = environmentOf(scene);
    const statusOf = ({ certificates, crls }: Signed, environment = warm): string =>
      verify({ certificates, crls, revocation: 'hard' }, environment).status;
    expect(statusOf(whole)).toBe('valid');
    const parts = [...whole.certificates, ...whole.crls];
    fc.assert(
      fc.property(fc.nat({ max: parts.length - 1 }), change, (index, how) => {
        const bytes = parts[index]!;
        const other = changed(bytes, how);
        fc.pre(!other.equals(bytes));
        const tampered: Signed = {
          certificates: whole.certificates.map((part) => (part === bytes ? other : part)),
          crls: whole.crls.map((part) => (part === bytes ? other : part)),
        };
        expect(statusOf(tampered)).not.toBe('valid');
        expect(statusOf(tampered, environmentOf(scene))).not.toBe('valid');
        expect(statusOf(whole)).toBe('valid');
      }),
      { numRuns: 150 },
    );
  },
);

test('an anchor whose name or key is changed vouches for nothing', () => {
  const root = createRoot({ key: 'ed25519' });
  const leaf = createLeaf(root, { key: 'ed25519' });
  const { key, name } = root;
  fc.assert(
    fc.property(fc.boolean(), fc.nat(), fc.nat({ max: 7 }), (inKey, place, bit) => {
      const part = Buffer.from(inKey ? key.spki.subarray(-32) : name.subarray(-'Test Root'.length));
      const anchor = Buffer.from(root.der);
      const from = anchor.lastIndexOf(part) + (place % part.length);
      anchor[from]! ^= 1 << bit;
      // Names are compared without regard to case (§7.1): that bit alone changes no name.
      fc.pre(inKey || bit !== 5);
      const verdict = verify(
        { certificates: [leaf.der], crls: [], anchors: [anchor] },
        environmentOf({ anchors: [] }),
      );
      expect(verdict.status).not.toBe('valid');
    }),
    { numRuns: 300 },
  );
});
