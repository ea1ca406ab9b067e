import { duplexPair } from './duplex-pair.js';
import { type LogRecord, Logger } from '../../src/log.js';
import type { Session } from '../../src/wire/protocol.js';
import type { Task, TaskOutcome } from '../../src/wire/task.js';
import { Connection, type ConnectionHost } from '../../src/worker/connection/connection.js';
import { newCounters } from '../../src/worker/counters.js';
import { Deadlines } from '../../src/worker/connection/deadlines.js';
import { HeldBytes } from '../../src/worker/connection/held-bytes.js';
import { Latencies } from '../../src/worker/latencies.js';
import { MIN_RETRY_MS } from '../../src/worker/requests/admission.js';
import type { ReadThrottle } from '../../src/worker/connection/read-throttle.js';
import { newRequest, type QueuedRequest } from '../../src/worker/requests/queued-request.js';
import { RequestQueue } from '../../src/worker/requests/request-queue.js';
import { echoProtocol } from './entry/echo-protocol.mjs';
import { FakeClock } from './fake-clock.js';

interface Submitted {
  readonly task: Task;
  readonly request: QueuedRequest;
  readonly body: string;
  settle(outcome: TaskOutcome, ran: number): void;
}

/** A connection of which the tasks are settled by the test. */
export function connect(
  limits: Partial<ConnectionHost['limits']> = {},
  session: Session = echoProtocol.open(),
  firstByte = 100,
) {
  const clock = new FakeClock();
  const logged: LogRecord[] = [];
  const tasks: Submitted[] = [];
  const statusAnswers: ((status: unknown) => void)[] = [];
  const counters = newCounters();
  const atOnce = new Map<string, TaskOutcome>();
  const latencies = new Latencies();
  let closed = 0;
  let left = 0;
  const { ours, theirs } = duplexPair();
  const host: ConnectionHost = {
    limits: { maxInFlight: 1000, maxPipelined: 1000, maxRequests: 0, ...limits },
    deadlines: new Deadlines<Connection>({ firstByte, request: 200, idle: 1000 }, clock, (subject, kind) => {
      subject.expire(kind);
    }),
    rests: new Deadlines<ReadThrottle, 'rest'>({ rest: MIN_RETRY_MS }, clock, (rest) => {
      rest.end();
    }),
    counters,
    held: new HeldBytes(Infinity),
    log: new Logger('verbose', 'test', (record) => {
      logged.push(record);
    }),
    clock,
    latencies,
    protocol: 'echo',
    client: () => '192.0.2.1',
    flows: new RequestQueue(1000, Infinity),
    origin: () => ({ listener: 'test', peer: '192.0.2.1 4711' }),
    admission: {
      atOnce: (task) => atOnce.get(Buffer.from(task.body).toString()),
      submit: (task, _flow, settle) => {
        const request = newRequest(task, clock.now(), settle);
        tasks.push({ task, request, settle, body: Buffer.from(task.body).toString() });
        return request;
      },
    },
    requestStatus: (answer) => {
      statusAnswers.push(answer);
    },
    loadChanged: () => {},
    onRequest: () => {},
    onLeaving: () => {
      left++;
    },
    onClosed: () => {
      closed++;
    },
  };
  const connection = new Connection(ours, session, host);
  let received = '';
  theirs.on('data', (chunk: Buffer) => {
    received += chunk.toString();
  });
  const done = (index: number): void => {
    const submitted = tasks[index];
    submitted?.settle({ kind: 'done', body: submitted.task.body }, 1);
  };
  return {
    clock,
    connection,
    ours,
    theirs,
    counters,
    latencies,
    tasks,
    /** Outcomes that are known without running the task, by its body. */
    atOnce,
    statusAnswers,
    logged,
    done,
    received: () => received,
    closed: () => closed,
    left: () => left,
  };
}

/** Lets everything that is under way between two streams arrive. */
export async function arrive(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
