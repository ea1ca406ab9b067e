import { CaMemory } from '../../src/verify/keys/ca-memory.js';
import { BASE_RULES, type Profile } from '../../src/verify/profiles.js';
import { TrustStore } from '../../src/verify/trust-store.js';
import { verify, type VerifyEnvironment } from '../../src/verify/verify.js';
import type { BaseProfile } from '../../src/config/config.js';
import type { VerifyRequest } from '../../src/wire/request.js';
import type { Verdict } from '../../src/wire/verdict.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { parseCrl } from '../../src/x509/crl.js';
import { sameName } from '../../src/x509/name.js';
import { createIntermediate, createLeaf, createRoot, type Issued } from '../pki/pki.js';
import type { CandidateCrl } from '../../src/verify/crl-source.js';

export const NOW = Date.parse('2026-06-01T12:00:00Z');
export const HOUR = 3_600_000;

export interface Scene {
  readonly base?: BaseProfile;
  readonly anchors: readonly Issued[];
  /** DER, as if found in the store. */
  readonly stored?: readonly Uint8Array[];
  readonly now?: number;
  readonly profile?: Partial<Profile>;
  readonly crlGrace?: number;
}

export function environmentOf(scene: Scene): VerifyEnvironment {
  const stored: CandidateCrl[] = (scene.stored ?? []).map((der) => ({ crl: parseCrl(der), source: 'store' }));
  const profile: Profile = {
    rules: BASE_RULES[scene.base ?? 'rfc5280'],
    anchors: new TrustStore(scene.anchors.map(({ der }) => parseCertificate(der))),
    revocation: 'off',
    purpose: null,
    crlMaxAge: null,
    maxIntermediates: null,
    trustLeaf: false,
    ...scene.profile,
  };
  return {
    profiles: new Map([['test', profile]]),
    defaultProfile: 'test',
    crls: { find: (issuer) => stored.filter(({ crl }) => sameName(crl.issuer, issuer)) },
    crlGrace: scene.crlGrace ?? 0,
    memory: new CaMemory(),
    now: () => scene.now ?? NOW,
  };
}

/** Verifies the first certificate with the others beside it. */
export function ask(
  scene: Scene,
  certificates: readonly Issued[],
  request: Partial<VerifyRequest> = {},
): Verdict {
  const environment = environmentOf(scene);
  return verify({ certificates: certificates.map(({ der }) => der), crls: [], ...request }, environment);
}

export interface Chain {
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly leaf: Issued;
}

export function createChain(): Chain {
  const root = createRoot();
  const intermediate = createIntermediate(root);
  return { root, intermediate, leaf: createLeaf(intermediate) };
}
