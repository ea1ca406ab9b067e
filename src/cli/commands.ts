import type { CommandEntry } from './command.js';

/** The commands, in the order in which `pkixd --help` lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'start',
    summary: 'Run the server in the foreground; SIGTERM and SIGINT drain it',
    load: async () => (await import('./server/start.js')).start,
  },
  {
    name: 'verify <files..>',
    summary: 'Verify certificates: one line each; exit 0 valid, 1 invalid, 2 indeterminate',
    load: async () => (await import('./verify/verify.js')).verify,
  },
  {
    name: 'explain <files..>',
    summary: 'Show how a verdict comes about: the paths tried, where each failed, what the certificates say',
    load: async () => (await import('./verify/explain.js')).explain,
  },
  {
    name: 'status',
    summary: 'Show the server, its listeners and its workers; exit 0 ready, 1 degraded, 2 no worker ready',
    load: async () => (await import('./server/status.js')).status,
  },
  {
    name: 'health',
    summary: 'Say whether the server is ready: exit 0 ready, 1 degraded, 2 down',
    load: async () => (await import('./server/health.js')).health,
  },
  {
    name: 'scale <workers>',
    summary: 'Set the number of workers: N, +N or -N, or by load (auto)',
    load: async () => (await import('./server/control.js')).scale,
  },
  {
    name: 'restart <worker>',
    summary: 'Replace one worker: a new one gets ready, then the old one drains',
    load: async () => (await import('./server/control.js')).restart,
  },
  {
    name: 'reload',
    summary: 'Read the configuration and the release again, and replace the workers one by one',
    load: async () => (await import('./server/control.js')).reload,
  },
  {
    name: 'stop',
    summary: 'Drain the server and end it',
    load: async () => (await import('./server/control.js')).stop,
  },
  {
    name: 'dump',
    summary: 'Write all statistics, every open connection and every request in flight to the log',
    load: async () => (await import('./server/control.js')).dump,
  },
  {
    name: 'crl',
    summary: 'Show, fill and check the CRL store of this host',
    load: async () => (await import('./crl/crl.js')).crl,
  },
  {
    name: 'logs',
    summary: 'Show the log in readable form',
    load: async () => (await import('./server/logs.js')).logs,
  },
];
