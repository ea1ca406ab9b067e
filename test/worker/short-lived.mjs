import { getHeapSpaceStatistics } from 'node:v8';

/**
 * Run by short-lived.test.ts with the folder of the build: has entries come and go in structures of the event loop,
 * and prints by how many bytes the old generation grew. Nothing of it may get there but what is alive.
 */
const from = (path) => import(new URL(path, `file://${process.argv[2]}/`));
const { OutcomeCache } = await from('worker/requests/outcome-cache.js');
const { NumberMap } = await from('number-map.js');
const { Deadlines } = await from('worker/connection/deadlines.js');
const { ActiveConnections } = await from('worker/connection/active-connections.js');
const { SYSTEM_CLOCK } = await from('worker/clock.js');

const COUNT = 200_000;

const cache = new OutcomeCache({
  max: 64,
  maxBytes: 2 ** 20,
  now: () => 0,
  elapsed: () => 0,
  epoch: () => 0,
});
const ids = new NumberMap();
const deadlines = new Deadlines({ idle: 3_600_000 }, SYSTEM_CLOCK, () => undefined);
const active = new ActiveConnections(SYSTEM_CLOCK);
const outcome = new Uint8Array(16);
const keep = { since: 0, until: Infinity, epoch: 0 };

/** A connection that asks one thing and goes. */
function churn(number) {
  const body = Buffer.alloc(64);
  body.writeUInt32BE(number);
  cache.put({ name: 'verify', body }, outcome, keep);
  ids.set(number, { number });
  ids.delete(number - 8);
  const watch = deadlines.of({ number });
  const activity = active.of({ number });
  deadlines.watch(watch, 'idle');
  active.touch(activity);
  return () => {
    deadlines.release(watch);
    active.forget(activity);
  };
}

let garbage;
/** Many collections of the young generation: what is alive gets old. */
function age() {
  for (let n = 0; n < 400_000; n++) garbage = [n, n, n, garbage?.length];
}

const oldBytes = () =>
  getHeapSpaceStatistics().find((space) => space.space_name === 'old_space').space_used_size;

let leave = [];
const run = (first, last) => {
  for (let number = first; number < last; number++) {
    leave.push(churn(number));
    if (leave.length > 16) leave.shift()();
  }
};
run(0, 1000);
age();
run(1000, 20_000);
age();
const before = oldBytes();
run(20_000, 20_000 + COUNT);
process.stdout.write(JSON.stringify({ count: COUNT, grown: oldBytes() - before }));
process.exit(0);
