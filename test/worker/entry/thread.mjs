import { existsSync, writeFileSync } from 'node:fs';
import { runThread, threadSetup } from '../../../dist/thread/thread.js';

/** A task thread with the trivial task `echo`, and with every fault a task can have. */
const text = (body) => Buffer.from(body).toString();

if (threadSetup()?.stillborn) process.exit(3);

runThread({
  echo: (body) => Buffer.from(body),
  throw: () => {
    throw new Error('thrown on purpose');
  },
  hang: () => {
    for (;;);
  },
  exit: () => process.exit(7),
  /** Kills its thread unless the file named exists already, which it makes. */
  exitOnce: (body) => {
    if (existsSync(text(body))) return Buffer.from('survived');
    writeFileSync(text(body), '');
    return process.exit(7);
  },
  spin: (body) => {
    const until = performance.now() + Number(text(body));
    while (performance.now() < until);
    return Buffer.from('spun');
  },
});
