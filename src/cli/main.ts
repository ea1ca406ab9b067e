#!/usr/bin/env node
import { runCli } from './run.js';

// First of all: Node answers SIGUSR1 with its inspector unless somebody listens. `start` reopens the log on it.
process.on('SIGUSR1', () => undefined);

// `pkixd logs | head` closes the pipe: that is an end, not an error. Code 0 as for any reader that had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});
process.stderr.on('error', () => undefined);

// The server lives on after `start` has begun, so the code is set and the process left to end by itself.
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: process.stdout,
  err: process.stderr,
});
