import { existsSync, writeFileSync } from 'node:fs';
import { notify, runThread, threadSetup } from '../../../dist/thread/thread.js';

/** A task thread with the trivial task `echo`, and with every fault a task can have. */
let runs = 0;
const text = (body) => Buffer.from(body).toString();

const { stillborn = false, stillbornIf = '' } = threadSetup() ?? {};
if (stillborn || existsSync(stillbornIf)) process.exit(3);

const handlers = {
  echo: (body) => Buffer.from(body),
  /** `N …` asks for the step `look` until it is run for the Nth time after the first. */
  ask: (body, { number, found }) => {
    if (number < Number.parseInt(text(body), 10)) return { needs: { step: 'look', body } };
    return Buffer.from(`attempt ${number}: ${text(found)}`);
  },
  /** Says how often it was run; the answer may be kept. */
  keep: () => ({ body: Buffer.from(`run ${++runs}`), keep: { until: Date.now() + 60_000, epoch: 0 } }),
  tell: (body) => {
    notify('told', body);
    return Buffer.from('told');
  },
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
  /** Runs until there is the file named. */
  await: (body) => {
    while (!existsSync(text(body)));
    return Buffer.from('it is there');
  },
  spin: (body) => {
    const until = performance.now() + Number(text(body));
    while (performance.now() < until);
    return Buffer.from('spun');
  },
};

/** Where the setup names rounds, so many of `echo`, or of the task that it names. */
const { warmUpRounds = 0, warmUpTask = 'echo' } = threadSetup() ?? {};
const tasks = [{ name: warmUpTask, body: Buffer.from('') }];
runThread(
  handlers,
  warmUpRounds > 0 ? { handlers: () => handlers, tasks, rounds: warmUpRounds, time: Infinity } : undefined,
);
