import { Worker } from 'node:worker_threads';

/**
 * Starts the thread that kills this process once the primary is gone (guard-thread.ts). If it cannot run, the worker
 * ends.
 */
export function startGuard(): void {
  const guard = new Worker(new URL('guard-thread.js', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  // It does not keep the process alive.
  guard.unref();
  guard.on('error', (error) => {
    throw error;
  });
}
