import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Caller, type Outcome } from './caller.js';
import type { Job, LoadResult } from './job.js';

/** The load generator, a process of its own: carries out one job at a time and sends back its result. */
let bodies: readonly Uint8Array[] = [];
let next = 0;
let held: Socket[] = [];

/** Connections being opened at once. */
const LANES = 8;
/** Milliseconds to wait for answers behind the last request. */
const PATIENCE = 15_000;
/** Milliseconds after which the server is done with connections that have come, or gone. */
const SETTLING = 1000;

process.on('message', (job: Job) => {
  void carryOut(job).then((result) => process.send?.(result ?? null));
});
process.on('disconnect', () => process.exit(0));

function carryOut(job: Job): Promise<LoadResult | void> {
  switch (job.kind) {
    case 'load':
      ({ bodies } = job);
      return Promise.resolve();
    case 'closed':
      return closedLoop(job);
    case 'open':
      return openLoop(job);
    case 'hold':
      return inLanes(job.connections, async () => {
        const socket = connect(job.path);
        held.push(socket);
        await once(socket, 'data');
      }).then(() => delay(SETTLING));
    case 'release':
      for (const socket of held) socket.destroy();
      held = [];
      return delay(SETTLING);
    default:
      return inLanes(job.connections, () => visit(job.port));
  }
}

async function closedLoop(job: Extract<Job, { kind: 'closed' }>): Promise<LoadResult> {
  const callers = await connectAll(job.path, job.connections);
  const tally = new Tally();
  let left = job.requests;
  await new Promise<void>((resolve) => {
    const ask = (caller: Caller): void => {
      if (left-- <= 0) return;
      const done = tally.begin(performance.now());
      caller.send(body(), (outcome) => {
        done(outcome);
        if (tally.answered === job.requests) resolve();
        else ask(caller);
      });
    };
    for (let n = 0; n < job.inFlight; n++) {
      const caller = callers[n % callers.length];
      if (caller) ask(caller);
    }
  });
  return tally.finish(callers);
}

async function openLoop(job: Extract<Job, { kind: 'open' }>): Promise<LoadResult> {
  const callers = await connectAll(job.path, job.connections);
  const tally = new Tally();
  const total = Math.round(job.rate * job.seconds);
  const startedAt = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * job.rate));
    for (const caller of callers) caller.cork();
    for (; sent < due; sent++) {
      callers[sent % callers.length]?.send(body(), tally.begin(startedAt + (sent / job.rate) * 1000));
    }
    for (const caller of callers) caller.uncork();
    await delay(1);
  }
  tally.sendingIsOver();
  const deadline = performance.now() + PATIENCE;
  while (tally.answered < total && performance.now() < deadline) await delay(10);
  return tally.finish(callers);
}

async function visit(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write('PING\n');
  await once(socket, 'data');
  socket.end();
  await once(socket, 'close');
}

async function inLanes(count: number, act: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

function connectAll(path: string, connections: number): Promise<Caller[]> {
  return Promise.all(Array.from({ length: connections }, () => Caller.connect(path)));
}

function body(): Uint8Array {
  const one = bodies[next++ % bodies.length];
  if (!one) throw new Error('no bodies were loaded');
  return one;
}

class Tally {
  readonly #startedAt = performance.now();
  readonly #times: number[] = [];
  readonly #counts = { valid: 0, busy: 0, other: 0 };
  #sent = 0;
  #validInTime: number | undefined;
  #seconds: number | undefined;

  get answered(): number {
    return this.#counts.valid + this.#counts.busy + this.#counts.other;
  }

  /** @param due from when on the answer is waited for. */
  begin(due: number): (outcome: Outcome) => void {
    this.#sent++;
    return (outcome) => {
      this.#counts[outcome]++;
      if (outcome === 'valid') this.#times.push(performance.now() - due);
    };
  }

  sendingIsOver(): void {
    this.#seconds = (performance.now() - this.#startedAt) / 1000;
    this.#validInTime = this.#counts.valid;
  }

  finish(callers: readonly Caller[]): LoadResult {
    if (this.#seconds === undefined) this.sendingIsOver();
    for (const caller of callers) caller.close();
    const sorted = Float64Array.from(this.#times).toSorted();
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return {
      ...this.#counts,
      sent: this.#sent,
      hanging: this.#sent - this.answered,
      validInTime: this.#validInTime ?? 0,
      seconds: this.#seconds ?? 0,
      times: sorted,
      p50: at(0.5),
      p99: at(0.99),
      p999: at(0.999),
    };
  }
}
