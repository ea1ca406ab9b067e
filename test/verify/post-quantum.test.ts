import { expect } from '@jest/globals';
import { withoutPostQuantum, withPostQuantum } from '../post-quantum.js';
import * as der from '../pki/der-builder.js';
import { newKey, postQuantumOid } from '../pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import { ask, HOUR, NOW } from './scene.js';

withPostQuantum('a chain of ML-DSA and SLH-DSA holds under the strict profile, with its CRLs', () => {
  const root = createRoot({ key: 'slh-dsa-shake-128f' });
  const intermediate = createIntermediate(root, { key: 'ml-dsa-87' });
  const leaf = createLeaf(intermediate, { key: 'ml-dsa-44' });
  const options = { thisUpdate: new Date(NOW - HOUR), nextUpdate: new Date(NOW + HOUR) };
  const crls = [root, intermediate].map((issuer) => createCrl(issuer, options).der);
  const scene = { base: 'rfc5280-strict', anchors: [root] } as const;
  expect(ask(scene, [leaf, intermediate], { crls, revocation: 'hard' }).code).toBe('OK');

  const forged = createLeaf(intermediate, { key: leaf.key, breakSignature: true });
  expect(ask(scene, [forged, intermediate]).code).toBe('BAD_SIGNATURE');
});

withPostQuantum('more SLH-DSA signatures than the budget allows are not checked', () => {
  const key = newKey('slh-dsa-shake-128f');
  const path = [createRoot({ key })];
  for (let index = 0; index < 10; index++)
    path.push(createIntermediate(path.at(-1)!, { subject: `CA ${index}`, key }));
  const leaf = createLeaf(path.at(-1)!);
  expect(ask({ anchors: path.slice(0, 1) }, [leaf, ...path.slice(1)]).code).toBe('BUDGET_EXCEEDED');
});

withoutPostQuantum('a chain under such a key is indeterminate', () => {
  const root = createRoot();
  const algorithm = der.sequence(der.oid(postQuantumOid('ml-dsa-65')));
  const spki = der.sequence(algorithm, der.bitString(Buffer.alloc(1952)));
  const intermediate = createIntermediate(root, { key: { ...newKey('ed25519'), spki } });
  const leaf = createLeaf(intermediate, { innerAlgorithm: algorithm, outerAlgorithm: algorithm });
  const verdict = ask({ anchors: [root] }, [leaf, intermediate]);
  expect(verdict).toMatchObject({ status: 'indeterminate', code: 'UNSUPPORTED_ALGORITHM' });
});
