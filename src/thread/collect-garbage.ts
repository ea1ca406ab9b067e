import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8's own collector, which a program gets at only in this way. */
setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

/**
 * Lets go of the memory of large arrays that nobody uses any more. A thread that sits idle after a large piece of work
 * would keep it until its next one, for an engine collects when it allocates.
 */
export function collectGarbage(): void {
  if (typeof gc === 'function') gc();
}
