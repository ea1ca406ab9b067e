import { spawnSync } from 'node:child_process';
import { cpuOfChildren } from './cpu.js';
import type { ChainFiles } from './served.js';

/** µs of CPU for a leaf when each is verified by a process of its own, CRLs included; undefined without `openssl`. */
export function measureOpenssl(files: ChainFiles, leaves: number): number | undefined {
  if (spawnSync('openssl', ['version']).status !== 0) return undefined;
  const crls = [0, 1].flatMap((n) => ['-CRLfile', files.path(`crls/${n}.crl`)]);
  const cas = ['-CAfile', files.path('root.pem'), '-untrusted', files.path('intermediate.pem')];
  const words = ['verify', '-crl_check_all', ...cas, ...crls];
  const before = cpuOfChildren();
  for (let n = 0; n < leaves; n++) {
    const { status, stderr } = spawnSync('openssl', [...words, files.path(`leaf${n % 50}.pem`)]);
    if (status !== 0) throw new Error(`openssl does not accept the benchmark's own chain: ${String(stderr)}`);
  }
  return (cpuOfChildren() - before) / leaves;
}
