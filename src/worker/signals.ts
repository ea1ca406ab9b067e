/**
 * Imported before everything else. SIGUSR1 would open Node's inspector; the other three go to the whole process
 * group (Ctrl-C) and are the primary's to act on: a worker ends when it has drained, or when the primary is gone.
 */
for (const signal of ['SIGUSR1', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
