import { expect, test } from '@jest/globals';
import { verify } from '../../src/verify/verify.js';
import { inheritingKey, newKey } from '../pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import { ask, environmentOf } from './scene.js';

const dsa = newKey('dsa-1024');
const bare = inheritingKey(dsa, 0x1234_5678_9abcn);
const p256 = newKey('p-256');

const root = createRoot({ key: p256 });
const upper = createIntermediate(root, { subject: 'upper', key: dsa });
const lower = createIntermediate(upper, { subject: 'lower', key: bare });
const leaf = createLeaf(lower, { key: p256 });
const scene = { anchors: [root] };

test('a DSA key without parameters takes those of the key above it', () => {
  expect(ask(scene, [leaf, upper, lower]).code).toBe('OK');
  const deeper = createIntermediate(lower, { subject: 'deeper', key: inheritingKey(dsa, 99n) });
  expect(ask(scene, [createLeaf(deeper, { key: p256 }), deeper, upper, lower]).code).toBe('OK');
});

test('a signature that such a key did not make is refused', () => {
  const forged = createLeaf(lower, { key: p256, breakSignature: true });
  expect(ask(scene, [forged, upper, lower]).code).toBe('BAD_SIGNATURE');
});

test('what one path hands down does not serve another', () => {
  const other = createIntermediate(root, { subject: 'upper', key: newKey('dsa-1024') });
  const environment = environmentOf(scene);
  const codeOf = (...certificates: readonly Issued[]): string =>
    verify({ certificates: certificates.map(({ der }) => der), crls: [] }, environment).code;
  expect(codeOf(leaf, upper, lower)).toBe('OK');
  expect(codeOf(leaf, other, lower)).toBe('BAD_SIGNATURE');
  expect(codeOf(leaf, other, lower, upper)).toBe('OK');
});

test('a key of another kind hands nothing down', () => {
  const direct = createIntermediate(root, { subject: 'lower', key: bare });
  expect(ask(scene, [createLeaf(direct, { key: p256 }), direct]).code).toBe('BAD_KEY');
  const between = createIntermediate(upper, { subject: 'between', key: p256 });
  const below = createIntermediate(between, { subject: 'lower', key: bare });
  expect(ask(scene, [createLeaf(below, { key: p256 }), below, between, upper]).code).toBe('BAD_KEY');
});

test('a CRL is checked with the key its issuer has in the path', () => {
  const crls = [createCrl(root), createCrl(upper), createCrl(lower)].map(({ der }) => der);
  const now = Date.now();
  expect(ask({ ...scene, now }, [leaf, upper, lower], { crls, revocation: 'hard' }).code).toBe('OK');
});
