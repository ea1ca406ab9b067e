import { Worker } from 'node:worker_threads';

/** Starts the thread that kills this process once the primary is gone (guard-thread.ts). A worker without it ends. */
export function startGuard(): void {
  const guard = new Worker(new URL('guard-thread.js', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  // The process's end is not put off for it.
  guard.unref();
  guard.on('error', (error) => {
    throw error;
  });
}
