import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  newRequest,
  type QueuedRequest,
  type RequestFlow,
} from '../../src/worker/requests/queued-request.js';
import { RequestQueue } from '../../src/worker/requests/request-queue.js';

/** A queue before one thread, whose time passes only with what its tasks cost. */
class Scene {
  readonly queue: RequestQueue;
  now = 0;
  readonly costs = new Map<QueuedRequest, number>();
  /** By flow: thread time that it had, in milliseconds. */
  readonly had = new Map<RequestFlow, number>();

  constructor(max = 1_000_000) {
    this.queue = new RequestQueue(max, Infinity);
  }

  ask(flow: RequestFlow, cost: number): QueuedRequest {
    const request = newRequest({ name: 'work', body: Buffer.alloc(1) }, this.now, () => {});
    this.costs.set(request, cost);
    expect(this.queue.push(request, flow)).toHaveLength(0);
    return request;
  }

  /** One pull: what ran. Results of a batch are there when all of it has run. */
  pull(batch = 32): readonly QueuedRequest[] {
    const taken = this.queue.take(batch, Infinity, this.now);
    for (const request of taken) {
      const cost = this.costs.get(request) ?? 0;
      this.now += cost;
      if (request.flow) this.had.set(request.flow, (this.had.get(request.flow) ?? 0) + cost);
    }
    for (const request of taken) this.queue.ran(request, (this.costs.get(request) ?? 0) * 1000);
    return taken;
  }

  /** Milliseconds until this request has run. */
  waitFor(request: QueuedRequest): number {
    const since = this.now;
    while (!this.pull().includes(request)) if (this.queue.depth === 0) throw new Error('it was lost');
    return this.now - since;
  }
}

const HEAVY = 450;
const LIGHT = 0.1;

test.each([
  ['of one address', 'a', 'a'],
  ['of another address', 'a', 'b'],
])('sixteen heavy requests on two connections let one %s wait for one of them at most', (_, bad, good) => {
  const scene = new Scene();
  const attackers = [scene.queue.open(bad, 0), scene.queue.open(bad, 0)];
  const victim = scene.queue.open(good, 0);
  for (let n = 0; n < 16; n++) scene.ask(attackers[n % 2]!, HEAVY);
  // Nothing is known of them yet, so that the first is pulled alone.
  expect(scene.pull()).toHaveLength(1);
  for (let n = 0; n < 20 && scene.queue.depth > 0; n++) {
    expect(scene.waitFor(scene.ask(victim, LIGHT))).toBeLessThanOrEqual(HEAVY + LIGHT);
    for (const flow of attackers) scene.ask(flow, HEAVY);
  }
});

test('connections without number do not multiply the share of their client', () => {
  const scene = new Scene();
  const many = Array.from({ length: 100 }, () => scene.queue.open('a', 0));
  const one = scene.queue.open('b', 0);
  for (let turn = 0; turn < 2000; turn++) {
    if (turn % 20 === 0) for (const flow of many) scene.ask(flow, 3);
    if (turn % 20 === 0) for (let n = 0; n < 40; n++) scene.ask(one, 1);
    scene.pull(1);
  }
  const ofMany = many.reduce((sum, flow) => sum + (scene.had.get(flow) ?? 0), 0);
  expect((scene.had.get(one) ?? 0) / ofMany).toBeGreaterThan(0.8);
});

test('clients with work all the time have the same thread time, whatever their tasks cost and how many connections ask', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          cost: fc.double({ min: 1, max: 20, noNaN: true }),
          connections: fc.integer({ min: 1, max: 5 }),
        }),
        { minLength: 2, maxLength: 6 },
      ),
      fc.integer({ min: 1, max: 32 }),
      (clients, batch) => {
        const scene = new Scene();
        const flows = clients.map(({ connections }, n) =>
          Array.from({ length: connections }, () => scene.queue.open(`client ${n}`, 0)),
        );
        const backlog = clients.map(() => 0);
        const longest = Math.max(...clients.map(({ cost }) => cost));
        const fill = (): void => {
          for (const [n, { cost }] of clients.entries())
            for (; (backlog[n] ?? 0) < 64; backlog[n] = (backlog[n] ?? 0) + 1)
              scene.ask(flows[n]![(backlog[n] ?? 0) % flows[n]!.length]!, cost);
        };
        const had = clients.map(() => 0);
        while (scene.now < 200 * longest) {
          fill();
          for (const { flow } of scene.pull(batch)) {
            const n = flows.findIndex((own) => flow !== undefined && own.includes(flow));
            backlog[n] = (backlog[n] ?? 0) - 1;
            had[n] = (had[n] ?? 0) + clients[n]!.cost;
          }
        }
        const fair = scene.now / clients.length;
        for (const time of had) expect(Math.abs(time - fair)).toBeLessThan(fair * 0.35);
      },
    ),
    { numRuns: 15 },
  );
});

test('what waits is not passed for ever by clients and connections that are new each time', () => {
  for (const sameClient of [true, false]) {
    const scene = new Scene();
    const patient = scene.queue.open('patient', 0);
    for (let n = 0; n < 5; n++) scene.ask(patient, HEAVY);
    const last = scene.ask(patient, HEAVY);
    let visitors = 0;
    let ran = false;
    for (; visitors < 1_000_000 && !ran; visitors++) {
      const flow = scene.queue.open(sameClient ? 'patient' : `visitor ${visitors % 500}`, scene.now);
      scene.ask(flow, 1);
      ran = scene.pull(1).includes(last);
      if (!ran && visitors >= 10) scene.queue.close(flow, scene.now);
    }
    expect(ran).toBe(true);
  }
});

test('a client that closes its connections and comes again still pays for what it cost', () => {
  const scene = new Scene();
  const good = scene.queue.open('good', 0);
  const expensive = scene.queue.open('bad', 0);
  for (const flow of [expensive, good]) scene.ask(flow, LIGHT);
  while (scene.queue.depth > 0) scene.pull();
  scene.ask(expensive, HEAVY);
  scene.pull();
  scene.queue.close(expensive, scene.now);
  const again = scene.queue.open('bad', scene.now);
  const mine = scene.ask(again, LIGHT);
  for (let n = 0; n < 100; n++) scene.ask(good, LIGHT);
  for (let n = 0; n < 100; n++) expect(scene.pull(1)).not.toContain(mine);
  expect(scene.pull(1)).toEqual([mine]);
});

test('what was taken back without having run is not charged', () => {
  const scene = new Scene();
  const [a, b] = [scene.queue.open('a', 0), scene.queue.open('b', 0)];
  const first = scene.ask(a, 1);
  for (let n = 0; n < 10; n++) {
    const taken = scene.queue.take(1, Infinity, 0);
    expect(taken).toEqual([first]);
    scene.queue.requeue(taken);
    expect(first.stage).toBe('queued');
  }
  scene.ask(b, 1);
  expect(scene.queue.take(1, Infinity, 0)).toEqual([first]);
});

test('tasks that probably take long do not go into one batch with others', () => {
  const scene = new Scene();
  const [heavy, light] = [scene.queue.open('heavy', 0), scene.queue.open('light', 0)];
  for (let n = 0; n < 40; n++) scene.ask(light, LIGHT);
  for (let n = 0; n < 4; n++) scene.ask(heavy, HEAVY);
  while (scene.queue.depth > 0) scene.pull(1);
  for (let n = 0; n < 40; n++) scene.ask(light, LIGHT);
  for (let n = 0; n < 4; n++) scene.ask(heavy, HEAVY);
  const batches: number[][] = [];
  while (scene.queue.depth > 0) batches.push(scene.pull().map((request) => scene.costs.get(request) ?? 0));
  for (const batch of batches) if (batch.includes(HEAVY)) expect(batch).toEqual([HEAVY]);
  expect(batches[0]!.length).toBeGreaterThanOrEqual(20);
});

test('a closed connection leaves no place taken, and what it had waiting is settled', () => {
  const queue = new RequestQueue(4, Infinity);
  const flow = queue.open('a', 0);
  const settled: unknown[] = [];
  for (let n = 0; n < 4; n++)
    queue.push(
      newRequest({ name: 'x', body: Buffer.alloc(1) }, 0, (outcome) => settled.push(outcome)),
      flow,
    );
  expect([queue.hasRoomFor(1, flow), queue.clients]).toEqual([false, 1]);
  queue.close(flow, 0);
  expect([queue.depth, queue.clients, queue.hasRoomFor(1, flow)]).toEqual([0, 0, true]);
  expect(settled).toHaveLength(4);
  expect(settled[0]).toMatchObject({ code: 'CANCELLED' });
});

// ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────

const sized = (size: number): QueuedRequest =>
  newRequest({ name: 'x', body: Buffer.alloc(size) }, 0, () => {});

test('a full queue has room for who has fewer places: the newest of who has most go out', () => {
  const queue = new RequestQueue(8, Infinity);
  const [greedy, modest] = [queue.open('a', 0), queue.open('b', 0)];
  const asked = Array.from({ length: 8 }, () => sized(1));
  for (const request of asked) queue.push(request, greedy);
  expect(queue.hasRoomFor(1, greedy)).toBe(false);
  for (let n = 0; n < 4; n++) {
    expect(queue.hasRoomFor(1, modest)).toBe(true);
    expect(queue.push(sized(1), modest)).toEqual([asked[7 - n]]);
    expect(queue.depth).toBe(8);
  }
  expect(queue.hasRoomFor(1, modest)).toBe(false);
  // The same between connections of one client.
  const sibling = queue.open('a', 0);
  expect(queue.hasRoomFor(1, sibling)).toBe(true);
  expect(queue.push(sized(1), sibling)).toEqual([asked[3]]);
});

test('large bodies take more places, and go out for many small ones', () => {
  const queue = new RequestQueue(100, 1000);
  const [large, small] = [queue.open('a', 0), queue.open('b', 0)];
  const bodies = Array.from({ length: 4 }, () => sized(250));
  for (const request of bodies) queue.push(request, large);
  expect(queue.hasRoomFor(250, large)).toBe(false);
  expect(queue.push(sized(10), small)).toEqual([bodies[3]]);
  for (let n = 0; n < 24; n++) expect(queue.push(sized(10), small)).toEqual([]);
  expect(queue.hasRoomFor(10, small)).toBe(true);
});

test('over any sequence no bound is passed, nothing is lost, and only who has fewer places displaces', () => {
  const action = fc.record({
    client: fc.nat(4),
    connection: fc.nat(2),
    size: fc.integer({ min: 1, max: 400 }),
    take: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
      const [max, maxBytes] = [20, 1000];
      const queue = new RequestQueue(max, maxBytes);
      const flows = new Map<string, RequestFlow>();
      const waiting = new Set<QueuedRequest>();
      const bytes = (): number => [...waiting].reduce((sum, { task }) => sum + task.body.length, 0);
      for (const { client, connection, size, take } of actions) {
        const name = `${client} ${connection}`;
        const flow = flows.get(name) ?? queue.open(String(client), 0);
        flows.set(name, flow);
        if (queue.hasRoomFor(size, flow)) {
          const wasEmpty = waiting.size === 0;
          const request = sized(size);
          const displaced = queue.push(request, flow);
          waiting.add(request);
          for (const other of displaced) expect(waiting.delete(other)).toBe(true);
          expect(waiting.size).toBeLessThanOrEqual(max);
          if (!wasEmpty) expect(bytes()).toBeLessThanOrEqual(maxBytes);
        }
        if (take === 0)
          for (const taken of queue.take(2, Infinity, 0)) {
            expect(waiting.delete(taken)).toBe(true);
            queue.ran(taken, size / 10);
          }
        expect(queue.depth).toBe(waiting.size);
      }
      while (queue.depth > 0)
        for (const taken of queue.take(9, Infinity, 0)) expect(waiting.delete(taken)).toBe(true);
      expect(waiting.size).toBe(0);
      expect(queue.clients).toBe(0);
    }),
  );
});
