import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { isPlainGoodKey } from '../../src/x509/plain-key.js';
import { readKeyFacts } from '../../src/x509/public-key.js';

const spkiOf = ({ publicKey }: { readonly publicKey: KeyObject }): Buffer =>
  publicKey.export({ type: 'spki', format: 'der' });
const rsa = (modulusLength: number, publicExponent = 65_537): Buffer =>
  spkiOf(generateKeyPairSync('rsa', { modulusLength, publicExponent }));
const ec = (namedCurve: string): Buffer => spkiOf(generateKeyPairSync('ec', { namedCurve }));

test.each([
  ['P-256', ec('prime256v1')],
  ['RSA of 2048 bits', rsa(2048)],
  ['RSA of 3072 bits', rsa(3072)],
  ['RSA of 4096 bits', rsa(4096)],
])('%s in its plain form is known', (_, spki) => {
  expect(isPlainGoodKey(spki)).toBe(true);
});

test.each([
  ['P-384', ec('secp384r1')],
  ['RSA of 1024 bits', rsa(1024)],
  ['RSA with the exponent 3', rsa(2048, 3)],
  ['Ed25519', spkiOf(generateKeyPairSync('ed25519'))],
  ['nothing', Buffer.alloc(0)],
])('%s has to be read', (_, spki) => {
  expect(isPlainGoodKey(spki)).toBe(false);
});

test('with any bit turned over a key of P-256 is not a good one in the plain form', () => {
  const spki = ec('prime256v1');
  for (let bit = 0; bit < 8 * spki.length; bit++) expect(isPlainGoodKey(turned(spki, bit))).toBe(false);
});

test('with any bit turned over an RSA key is good in the plain form only where reading it says the same', () => {
  const spki = rsa(2048);
  const good = Array.from({ length: 8 * spki.length }, (_, bit) => turned(spki, bit)).filter((turnedSpki) =>
    isPlainGoodKey(turnedSpki),
  );
  // The bits of the modulus, but for its first and its last.
  expect(good).toHaveLength(2048 - 2);
  for (const each of good) expect(readKeyFacts(each)).toMatchObject({ kind: 'rsa', bits: 2048 });
});

function turned(spki: Buffer, bit: number): Buffer {
  const changed = Buffer.from(spki);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}
