import { setFlagsFromString } from 'node:v8';

/**
 * V8 flags for the garbage collection of a worker's event loop, set when the primary forks it.
 *
 * The loop allocates buffers: socket reads, batches, answers. They die young, but V8 counts them as growth of the old
 * generation until its next minor collection, and starts a full collection at 8 MB of them: one for every thousand
 * requests, over all idle connections. With these flags minor collections come earlier, and full ones only when the old
 * generation is large.
 */
export const LOOP_HEAP: readonly string[] = ['--max-semi-space-size=4', '--initial-old-space-size=64'];

/** To be called in that process before it starts a thread, since threads have limits of their own. */
export function spareThreads(): void {
  for (const flag of LOOP_HEAP) setFlagsFromString(flag.replace(/\d+$/, '0'));
}
