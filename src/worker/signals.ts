/**
 * Imported before everything else. SIGUSR1 would open Node's inspector. The other three go to the whole process group
 * (Ctrl-C), but only the primary acts on them: a worker ends when it has drained, or when the primary is gone.
 */
for (const signal of ['SIGUSR1', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
