import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { verify } from '../../src/verify/verify.js';
import { createChain, environmentOf } from '../verify/scene.js';
import { testWithData } from '../component.js';

const { root, intermediate, leaf } = createChain();
const environment = environmentOf({ anchors: [root] });

function files(folder: string): Buffer[] {
  const names = readdirSync(folder);
  expect(names.length).toBeGreaterThan(0);
  return names.map((name) => readFileSync(join(folder, name)));
}

testWithData(
  'every odd certificate gets a verdict, as leaf and as issuer, and none is valid',
  'corpora/cert',
  (folder) => {
    for (const bytes of files(folder)) {
      const request = { crls: [], hosts: ['a.example'], purpose: 'serverAuth', revocation: 'hard' } as const;
      expect(verify({ ...request, certificates: [bytes] }, environment).status).not.toBe('valid');
      expect(
        verify({ ...request, certificates: [bytes, bytes], anchors: [bytes] }, environment).status,
      ).not.toBe('valid');
      expect(verify({ ...request, certificates: [leaf.der, bytes] }, environment).code).toBe('NO_PATH');
    }
  },
);

testWithData(
  'every odd CRL beside a good chain gets a verdict, and proves nothing',
  'corpora/crl',
  (folder) => {
    for (const bytes of files(folder)) {
      const certificates = [leaf.der, intermediate.der];
      const { code } = verify({ certificates, crls: [bytes], revocation: 'hard' }, environment);
      expect(['CRL_NONE', 'CRL_MALFORMED']).toContain(code);
    }
  },
);
