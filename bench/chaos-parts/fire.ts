import { setTimeout as delay } from 'node:timers/promises';
import { OPTIONS } from '../../src/config/option-table.js';
import { demo } from '../../test/server/demo.js';
import { TestServer } from '../../test/server/test-server.js';
import { Faults } from './faults.js';
import { FaultyRelease } from './faulty-release.js';
import { Load, type Tally } from './load.js';
import { closeDuringAccept, connectAndClose, slowLoris } from './storms.js';
import { until } from '../../test/until.js';

export interface FireResult {
  readonly tally: Tally;
  /** BUSY answers of the workers, behind which the clients asked again. */
  readonly busy: number;
  /** Tasks that threads were ended over. */
  readonly timeouts: number;
  /** What was done to the server, and how often. */
  readonly done: ReadonlyMap<string, number>;
}

/** A second of the fire: what is done in it besides killing a worker, and how many workers it costs with that one. */
interface Second {
  readonly strikes: number;
  readonly act: (faults: Faults, server: TestServer) => Promise<void> | void;
}

const SLOW_CONNECTIONS = 500;
/** Milliseconds that the server may take to close them, far beyond its request timeout on a busy machine. */
const SLOW_PATIENCE = 90_000;
const STORM = 400;
const FLOOD = 1500;

/** Everything once, in this order; a longer fire begins again. One sickness at a time, for two seconds. */
const SECONDS: readonly Second[] = [
  beside(async (faults, server) => {
    const closed = await slowLoris(server, SLOW_CONNECTIONS, SLOW_PATIENCE);
    if (closed === SLOW_CONNECTIONS) faults.count('slow-loris attacks ended by the server');
    else faults.count(`slow-loris attacks of which the server left ${SLOW_CONNECTIONS - closed} connections`);
  }),
  striking((faults) => faults.stop()),
  beside((faults) => faults.hangThread()),
  striking((faults) => faults.blockLoop()),
  beside((faults) => faults.fillQueue(FLOOD)),
  beside((faults) => faults.scale(1)),
  beside(async (faults, server) => {
    await connectAndClose(server, STORM);
    faults.count('connect-and-close storms');
  }),
  beside((faults) => faults.scale(4)),
  beside(async (faults, server) => {
    await closeDuringAccept(server, STORM);
    faults.count('storms of clients that close during accept');
  }),
  beside((faults) => faults.reload()),
  beside((faults) => faults.hangThread()),
  striking((faults) => faults.stop()),
  beside((faults) => faults.scale(1)),
  beside((faults) => faults.scale(3)),
  striking((faults) => faults.blockLoop()),
];

/** How many seconds it takes to have done everything. */
export const ROUND = SECONDS.length;

/** Milliseconds by which a sick worker is found, and a task is given up. */
const SETTINGS = {
  'workers.warmUp': OPTIONS['workers.warmUp'].default,
  'threads.spare': true,
  workers: { count: 3, pingInterval: 200, pingTimeout: 1500, bootTimeout: 60_000 },
  threads: { taskTimeout: 3000 },
  queue: { max: 64 },
  connection: { requestTimeout: 4000 },
  drain: { timeout: 20_000 },
};

/**
 * Sets a server on fire under steady load, and counts what its clients saw of it. A machine on which workers start
 * slowly gets more time: in every second at least one worker can serve.
 */
export async function fire(seconds: number): Promise<FireResult> {
  const pki = demo();
  const release = new FaultyRelease();
  const trust = { trust: { anchors: [pki.path('root.pem')] }, crl: { directory: pki.path('crls') } };
  const server = await TestServer.start({ ...SETTINGS, ...trust }, undefined, release.program);
  try {
    const load = new Load(server.msgpack, pki);
    const faults = new Faults(server, pki);
    await until(
      () => load.answered,
      (answered) => answered > 100,
    );
    const burning: Promise<void>[] = [];
    for (let n = 0; n < seconds; n++) {
      const second = SECONDS[n % SECONDS.length];
      if (!second) break;
      await faults.ready(second.strikes);
      faults.kill();
      burning.push(Promise.resolve(second.act(faults, server)));
      await delay(1000);
    }
    await Promise.all(burning);
    const tally = await load.stop();
    await faults.finish();
    return { tally, busy: faults.busy, timeouts: faults.timeouts, done: faults.done };
  } finally {
    await server.stop();
    release.remove();
    pki.remove();
  }
}

function beside(act: Second['act']): Second {
  return { strikes: 1, act };
}

/** A second worker is struck. */
function striking(act: Second['act']): Second {
  return { strikes: 2, act };
}
