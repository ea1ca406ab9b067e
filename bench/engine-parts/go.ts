import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Chain, HOST } from './chain.js';

const PROGRAM = join(process.cwd(), 'bench/engine-parts/verify.go');

/** µs of CPU time for one leaf. */
export interface GoFigures {
  readonly warm: number;
  readonly cold: number;
}

/** What Go's crypto/x509 needs for the same chain; `undefined` where there is no `go` command. */
export function measureGo(chain: Chain, leafCount: number): GoFigures | undefined {
  if (spawnSync('go', ['version']).status !== 0) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'pkixd-bench-'));
  const file = (name: string, der: Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, der);
    return path;
  };
  try {
    const program = join(directory, 'verify');
    execFileSync('go', ['build', '-o', program, PROGRAM], { stdio: ['ignore', 'ignore', 'inherit'] });
    const leaves = chain.leaves.slice(0, leafCount).map(({ der }, index) => file(`leaf${index}`, der));
    const words = [
      file('root', chain.root.der),
      file('intermediate', chain.intermediate.der),
      HOST,
      ...leaves,
    ];
    const figures: unknown = JSON.parse(execFileSync(program, words, { encoding: 'utf8' }));
    if (!isFigures(figures)) throw new Error('the Go program printed no figures');
    return figures;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function isFigures(value: unknown): value is GoFigures {
  return (
    typeof value === 'object' &&
    value !== null &&
    'warm' in value &&
    typeof value.warm === 'number' &&
    'cold' in value &&
    typeof value.cold === 'number'
  );
}
