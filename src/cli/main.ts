#!/usr/bin/env node
import { runCli } from './run.js';

// Comes first: without a listener, Node starts its inspector on SIGUSR1. `start` reopens the log on it.
process.on('SIGUSR1', () => undefined);

// `pkixd logs | head` closes the pipe, which is not an error: exit code 0.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});
process.stderr.on('error', () => undefined);

// The server goes on after `start` returns, so the code is set and the process ends by itself.
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: process.stdout,
  err: process.stderr,
});
