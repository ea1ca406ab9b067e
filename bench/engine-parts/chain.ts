import { CaMemory } from '../../src/verify/keys/ca-memory.js';
import { BASE_RULES } from '../../src/verify/profiles.js';
import { TrustStore } from '../../src/verify/trust-store.js';
import type { VerifyEnvironment } from '../../src/verify/verify.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { parseCrl } from '../../src/x509/crl.js';
import { type KeyType, newKey } from '../../test/pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../../test/pki/pki.js';

/** What every contender gets: a root, an intermediate with CRLs of both, and many leaves, all different. */
export interface Chain {
  readonly type: KeyType;
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly leaves: readonly Issued[];
  /** DER. */
  readonly crls: readonly Buffer[];
}

export const HOST = 'www.leaf.example';

export function createChain(type: KeyType, leafCount: number): Chain {
  const root = createRoot({ key: type });
  const intermediate = createIntermediate(root, { key: type });
  const key = newKey(type);
  const leaves = Array.from({ length: leafCount }, () =>
    createLeaf(intermediate, { key, dns: ['leaf.example', HOST] }),
  );
  return { type, root, intermediate, leaves, crls: [root, intermediate].map((ca) => createCrl(ca).der) };
}

/** What a fresh thread has before its first request, with the profile that is the default. */
export function newEnvironment({ root, crls }: Chain): VerifyEnvironment {
  const stored = new Map(
    crls.map((der) => {
      const crl = parseCrl(der);
      return [crl.issuer.key, [{ crl, source: 'bench' }]];
    }),
  );
  const profile = {
    rules: BASE_RULES.rfc5280,
    anchors: new TrustStore([parseCertificate(root.der)]),
    revocation: 'hard',
    purpose: null,
    crlMaxAge: null,
    maxIntermediates: null,
    trustLeaf: false,
  } as const;
  return {
    profiles: new Map([['bench', profile]]),
    defaultProfile: 'bench',
    crls: { find: (issuer) => stored.get(issuer.key) ?? [] },
    crlGrace: 0,
    memory: new CaMemory(),
    now: Date.now,
  };
}
