import { type Chain, createChain } from './engine-parts/chain.js';
import type { BenchOptions, BenchResult, Goal, Row } from './report.js';
import { pin } from './server-parts/cpu.js';
import { measureDirmngr } from './server-parts/dirmngr.js';
import {
  type Effort,
  handover,
  latencies,
  overload,
  perRepeated,
  perRequest,
} from './server-parts/figures.js';
import { Generator } from './server-parts/generator-handle.js';
import { measureOpenssl } from './server-parts/openssl.js';
import { measurePkijs } from './server-parts/pkijs.js';
import { type Beside, measureTails } from './server-parts/tails.js';
import { ChainFiles, Served } from './server-parts/served.js';

/**
 * What serving costs over verifying, and how it holds up. The server (primary, one worker, one thread) has one core and
 * the load generator the other, where `taskset` exists; they talk over UNIX and loopback sockets. CPU times are of all
 * the server's processes, so that what else runs on the machine counts little; latencies and goodput want it quiet.
 */
const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
const KINDS = [
  ['rsa-2048', 'RSA-2048', 2],
  ['p-256', 'P-256', 1.4],
] as const;
/** A share of the peak rate. */
const TAILS_LOAD = 0.4;
/** Latencies that are compared with a bare echo's, and how many times those they may be. */
const TAILS = [
  ['p50', 'p50', undefined],
  ['p99', 'p99', 1.8],
  ['p999', 'p99.9', 2.5],
] as const;
const FULL: Effort = { rounds: 9, requests: 30_000, seconds: 5, idle: 10_000, visits: 5000, slices: 20 };
const BRIEF: Effort = { rounds: 1, requests: 500, seconds: 0.5, idle: 100, visits: 100, slices: 1 };

interface Bench {
  readonly rows: Row[];
  readonly goals: Goal[];
  readonly effort: Effort;
  readonly generator: Generator;
  readonly idleClient: Generator;
}

export async function run({ brief }: BenchOptions): Promise<BenchResult> {
  const generator = new Generator(GENERATOR_CORE);
  const idleClient = new Generator(GENERATOR_CORE);
  // The references are measured in this process.
  pin([process.pid], SERVER_CORE);
  const bench: Bench = { rows: [], goals: [], effort: brief ? BRIEF : FULL, generator, idleClient };
  try {
    for (const [type, kind, limit] of KINDS) {
      const chain = createChain(type, brief ? 100 : 2000);
      const files = new ChainFiles(chain);
      const served = await Served.start(files, SERVER_CORE, bench.effort.idle);
      try {
        const { peak, ...cost } = await perRequest(chain, served, generator, bench.effort);
        const reference = { name: `bare crypto.verify, ${kind}`, value: cost.reference };
        const versus = (name: string, value: number | undefined): void => {
          if (value === undefined) process.stderr.write(`${name} is not installed, or fails: no row\n`);
          else
            bench.rows.push({
              name: `${name}, ${kind}`,
              value,
              unit: 'µs',
              reference,
              ratio: value / reference.value,
            });
        };
        bench.rows.push({
          name: `request, ${kind}`,
          value: cost.value,
          unit: 'µs',
          reference,
          ratio: cost.ratio,
        });
        bench.goals.push(atMost(`request ÷ bare crypto.verify, ${kind}`, cost.ratio, limit, '×'));
        versus('openssl verify, a process each', measureOpenssl(files, brief ? 3 : 50));
        versus(
          'dirmngr CHECKCRL, no signature checked',
          await measureDirmngr(chain, files, SERVER_CORE, brief ? 20 : 1000),
        );
        versus('Node cluster with PKI.js', await measurePkijs(chain, SERVER_CORE, brief ? 20 : 500));
        bench.rows.push({ name: `peak, ${kind}`, value: peak, unit: 'requests/s' });
        if (type === 'p-256') await hold(bench, chain, served, peak);
      } finally {
        await served.stop();
        files.remove();
      }
    }
  } finally {
    generator.close();
    idleClient.close();
  }
  return { rows: bench.rows, goals: bench.goals };
}

/** What does not depend on the kind of key, at the end of a server that is warm. */
async function hold(
  { rows, goals, effort, generator, idleClient }: Bench,
  chain: Chain,
  served: Served,
  peak: number,
): Promise<void> {
  const flooded = await overload(served, generator, peak, effort);
  const goodput = flooded.validInTime / flooded.seconds;
  const atPeak = { name: 'peak', value: peak };
  rows.push(
    {
      name: 'goodput at 3 × peak',
      value: goodput,
      unit: 'requests/s',
      reference: atPeak,
      ratio: goodput / peak,
    },
    {
      name: 'of these answered BUSY',
      value: flooded.busy,
      unit: '',
      reference: { name: 'sent', value: flooded.sent },
    },
  );
  goals.push(
    { what: 'goodput at 3 × peak ÷ peak', value: goodput / peak, limit: 0.9, side: 'at least', unit: '×' },
    atMost('neither verdict nor BUSY at 3 × peak', flooded.other + flooded.hanging, 0, 'requests'),
  );

  const { alone, ratio, memoryEach } = await latencies(served, generator, idleClient, peak, effort);
  for (const [name, value] of [
    ['p50', alone.p50],
    ['p99', alone.p99],
    ['p99.9', alone.p999],
  ] as const) {
    rows.push({ name: `${name} at half of the peak`, value, unit: 'ms' });
  }
  rows.push({ name: `each of ${effort.idle} idle connections`, value: memoryEach / 1024, unit: 'KiB' });
  goals.push(atMost(`p99 with ${effort.idle} idle connections ÷ without`, ratio, 1.2, '×'));

  const tails = await measureTails(served, generator, SERVER_CORE, peak * TAILS_LOAD, effort.slices);
  judgeTails({ rows, goals }, 'at 40 % of the peak', tails.steady, 1);
  judgeTails({ rows, goals }, 'behind a replacement', tails.replaced, 2);

  const repeated = await perRepeated(chain, served, generator, effort);
  rows.push({ name: 'repeated request', value: repeated, unit: 'µs' });
  goals.push(atMost('repeated request', repeated, 8, 'µs'));

  const { value, reference, ratio: rate } = await handover(served, generator, SERVER_CORE, effort);
  const echo = { name: 'bare Node cluster, echo', value: reference };
  rows.push({ name: 'connection, handed over', value, unit: 'µs', reference: echo, ratio: rate });
  goals.push({
    what: 'connection rate ÷ a bare cluster',
    value: rate,
    limit: 0.65,
    side: 'at least',
    unit: '×',
  });
}

/** @param leniency by what the limits are multiplied. */
function judgeTails(
  { rows, goals }: Pick<Bench, 'rows' | 'goals'>,
  when: string,
  { ours, echo }: Beside,
  leniency: number,
): void {
  for (const [percentile, name, limit] of TAILS) {
    const ratio = ours[percentile] / echo[percentile];
    const reference = { name: 'bare Node echo', value: echo[percentile] };
    rows.push({ name: `${name} ${when}`, value: ours[percentile], unit: 'ms', reference, ratio });
    if (limit !== undefined)
      goals.push(atMost(`${name} ${when} ÷ a bare echo`, ratio, limit * leniency, '×'));
  }
}

function atMost(what: string, value: number, limit: number, unit: string): Goal {
  return { what, value, limit, side: 'at most', unit };
}
