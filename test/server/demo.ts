import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCrl, createIntermediate, createLeaf, createRoot, pemOf } from '../pki/pki.js';

type Leaf = 'good' | 'revoked';

/** A root, an intermediate, a good and a revoked leaf, and the CRLs of both CAs, as files in a folder. */
export interface Demo {
  /** Where a file or folder of it lies: `root.pem`, `good.pem`, `crls`, … */
  path(name: string): string;
  pem(leaf: Leaf): string;
  der(leaf: Leaf): Buffer;
  /** The leaf and the intermediate, DER. */
  chain(leaf: Leaf): Buffer[];
  /** The same in PEM, and the leaf's key. */
  chainPem(leaf: Leaf): string;
  key(leaf: Leaf): string;
  /** A whole VERIFY of this leaf with the intermediate. */
  verify(leaf: Leaf, words: string): string;
  /** A VERIFY of any bytes in place of a leaf. */
  verifyDer(der: Uint8Array): string;
  remove(): void;
}

export function demo(): Demo {
  const directory = mkdtempSync(join(tmpdir(), 'pkixd-demo-'));
  const root = createRoot();
  const intermediate = createIntermediate(root);
  const leaves = { good: createLeaf(intermediate), revoked: createLeaf(intermediate) };
  const path = (name: string): string => join(directory, name);
  mkdirSync(path('crls'));
  writeFileSync(path('root.pem'), root.pem);
  writeFileSync(path('intermediate.pem'), intermediate.pem);
  writeFileSync(path('good.pem'), leaves.good.pem);
  writeFileSync(path('revoked.pem'), leaves.revoked.pem);
  writeFileSync(path('crls/root.crl'), createCrl(root).pem);
  const revoked = [{ serial: leaves.revoked.serial }];
  writeFileSync(path('crls/intermediate.crl'), createCrl(intermediate, { revoked }).pem);
  return {
    path,
    pem: (leaf) => leaves[leaf].pem,
    der: (leaf) => leaves[leaf].der,
    chain: (leaf) => [leaves[leaf].der, intermediate.der],
    chainPem: (leaf) => leaves[leaf].pem + intermediate.pem,
    key: (leaf) => leaves[leaf].key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    verify: (leaf, words) => `VERIFY ${words}\n${leaves[leaf].pem}${intermediate.pem}.\n`,
    verifyDer: (der) => `VERIFY\n${pemOf('CERTIFICATE', der)}${intermediate.pem}.\n`,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
