import { setFlagsFromString } from 'node:v8';

/**
 * How a worker's event loop has its garbage collected, as flags of the process that the primary forks.
 *
 * What it allocates are buffers: socket reads, batches, answers. They die young, but V8 counts them as growth of the old
 * generation until its next look at the young one, and starts a full collection at 8 MB of them: every thousand requests,
 * over every idle connection. So the young generation is looked at earlier, and the old one left alone while it is small.
 */
export const LOOP_HEAP: readonly string[] = ['--max-semi-space-size=4', '--initial-old-space-size=64'];

/** To be called in that process before it starts a thread: they have limits of their own. */
export function spareThreads(): void {
  for (const flag of LOOP_HEAP) setFlagsFromString(flag.replace(/\d+$/, '0'));
}
