import { createPublicKey, verify as bareVerify } from 'node:crypto';
import type { RevocationMode } from '../../src/revocation-mode.js';
import { verify, type VerifyEnvironment } from '../../src/verify/verify.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import type { Issued } from '../../test/pki/pki.js';
import { type Chain, HOST, newEnvironment } from './chain.js';

/** One way to check a leaf; throws when the leaf does not pass. */
export interface Contender {
  readonly name: string;
  /** With everything but the leaf known from earlier. */
  warm(leaf: Issued): void | Promise<void>;
  /** With nothing known but bytes. */
  cold(leaf: Issued): void | Promise<void>;
}

/** The thread's code: parse, path, validation, host name, purpose, fingerprints, verdict. */
export function pkixd(chain: Chain, revocation: RevocationMode): Contender {
  const warmEnvironment = newEnvironment(chain);
  const judge = ({ der }: Issued, environment: VerifyEnvironment): void => {
    const certificates = [der, chain.intermediate.der];
    const request = { certificates, crls: [], purpose: 'serverAuth', hosts: [HOST], revocation };
    const { status, code, message } = verify(request, environment);
    if (status !== 'valid') throw new Error(`the benchmark's own leaf is ${code}: ${message}`);
  };
  return {
    name: revocation === 'off' ? 'verdict' : 'verdict with CRLs',
    warm: (leaf) => judge(leaf, warmEnvironment),
    cold: (leaf) => judge(leaf, newEnvironment(chain)),
  };
}

/** The one signature check that cannot be spared; cold, the import of its key as well. */
export function bare({ intermediate }: Chain): Contender {
  const parts = new Map<Issued, { tbs: Uint8Array; signature: Uint8Array }>();
  const partsOf = (leaf: Issued): { tbs: Uint8Array; signature: Uint8Array } => {
    const known = parts.get(leaf) ?? parseCertificate(leaf.der);
    parts.set(leaf, { tbs: known.tbs, signature: known.signature });
    return known;
  };
  const spki = Buffer.from(parseCertificate(intermediate.der).spki);
  return {
    name: 'bare crypto.verify',
    warm: (leaf) => {
      const { tbs, signature } = partsOf(leaf);
      if (!bareVerify('sha256', tbs, intermediate.key.publicKey, signature)) throw new Error('bad signature');
    },
    cold: (leaf) => {
      const { tbs, signature } = partsOf(leaf);
      const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
      if (!bareVerify('sha256', tbs, key, signature)) throw new Error('bad signature');
    },
  };
}
