import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { createChain } from '../engine-parts/chain.js';
import { pkixd } from '../engine-parts/contender.js';

/** Told to reach a number of verdicts, posts the process's anonymous memory behind a full garbage collection, in MB. */
export interface VerdictsData {
  /** Different leaves, used in turns. */
  readonly leaves: number;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bench/memory.ts gives it
const { leaves: leafCount } = workerData as VerdictsData;
const { leaves, ...cas } = createChain('p-256', leafCount);
const contender = pkixd({ ...cas, leaves }, 'hard');
let done = 0;

parentPort?.on('message', (wanted: number) => {
  for (; done < wanted; done++) {
    const leaf = leaves[done % leaves.length];
    if (leaf) void contender.warm(leaf);
  }
  parentPort?.postMessage(anonymousMegabytes());
});

/** RssAnon: what the kernel cannot drop. */
function anonymousMegabytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^RssAnon:\s+(?<kilobytes>\d+) kB$/m.exec(status)?.groups?.['kilobytes']) / 1024;
}
