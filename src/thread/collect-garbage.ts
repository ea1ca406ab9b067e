import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8's garbage collector, which a program can only call in this way. */
setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

/**
 * Frees the memory of large unused arrays. V8 collects when it allocates, so a thread that is idle after much work
 * would keep that memory until its next work.
 */
export function collectGarbage(): void {
  if (typeof gc === 'function') gc();
}
