import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { BodyBuffer } from '../../src/crl/fetch/body-buffer.js';
import { IngestHandle } from '../../src/crl/ingest-handle.js';
import { CrlStore } from '../../src/crl/store/crl-store.js';
import { collectGarbage } from '../../src/thread/collect-garbage.js';
import { parseCrl } from '../../src/x509/crl.js';
import { type Spent, stopwatch } from '../stopwatch.js';

/**
 * A process with an ingest thread and a reader, as a worker is: stores the CRL of a file, and says what that cost, as
 * JSON. The serials of the file's entries are given, one after the other, by a second file, then as many that are not
 * listed.
 */
export interface StoreFigures {
  /** ms, of the clock and of CPU: one SHA-256 over the bytes; from the bytes in memory to the first answer. */
  readonly sha: Spent;
  readonly first: Spent;
  /** What the CRL takes in the store. */
  readonly bytes: number;
  /** µs of CPU: in a process that has looked up as many before; and in one that has looked up nothing yet. */
  readonly hit: number;
  readonly miss: number;
  readonly early: number;
  /** Anonymous memory, MB: before, at most, and after. */
  readonly before: number;
  readonly peak: number;
  readonly after: number;
}

const SERIAL_OCTETS = 16;
const ROUNDS = 3;
/** Look-ups of a process that has made none before: the engine has compiled nothing of it yet. */
const FIRST = 1000;
/** Octets that come at a time. */
const CHUNK = 65_536;

const [dataDirectory = '', crlFile = '', spkiFile = '', serialsFile = '', warmFile = ''] =
  process.argv.slice(2);
const handle = new IngestHandle({
  dataDirectory,
  maxBytes: 2 ** 32,
  keepsDer: false,
  budget: 60_000,
  entry: new URL('../../src/thread/ingest.js', import.meta.url),
  log: (_, message) => {
    process.stderr.write(`${message}\n`);
  },
  onStuck: (reason) => {
    throw new Error(reason);
  },
});
// On a busy machine it is not open at once.
await handle.ready;
const store = new CrlStore({ dataDirectory, report: console.error, now: Date.now });
const signers = [readFileSync(spkiFile)];

const sha = hashTime(downloaded(crlFile));
await take(warmFile);
// What this process itself has read is no part of the figures.
collectGarbage();
const before = anonymous();
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, anonymous());
}, 10);
const { issuer, first, bytes } = await take(crlFile);
clearInterval(watch);
// Before the look-ups, which make garbage of this benchmark's own.
const after = await settled();
const [candidate] = store.find(issuer).toSorted((a, b) => b.crl.thisUpdate - a.crl.thisUpdate);
const serials = readFileSync(serialsFile);
const half = serials.length / 2;
const lookUp = (from: number, to: number, expected: boolean): number => {
  const started = stopwatch();
  let wrong = 0;
  for (let at = from; at < to; at += SERIAL_OCTETS) {
    const found = candidate?.crl.find(serials.subarray(at, at + SERIAL_OCTETS), issuer);
    if ((found !== undefined) !== expected) wrong++;
  }
  if (wrong > 0) throw new Error(`${wrong} look-ups went wrong`);
  return (started().cpu * 1000) / ((to - from) / SERIAL_OCTETS);
};
const early = lookUp(0, FIRST * SERIAL_OCTETS, true);
const best = (measure: () => number): number => Math.min(...Array.from({ length: ROUNDS }, measure));
const figures: StoreFigures = {
  sha,
  first,
  bytes,
  hit: best(() => lookUp(0, half, true)),
  miss: best(() => lookUp(half, serials.length, false)),
  early,
  before,
  peak,
  after,
};
console.log(JSON.stringify(figures));
await handle.close(10_000);

/** Stores the CRL and asks it once. */
async function take(
  path: string,
): Promise<{ issuer: ReturnType<typeof parseCrl>['issuer']; first: Spent; bytes: number }> {
  const der = downloaded(path);
  const { issuer: name } = parseCrl(Uint8Array.from(readFileSync(warmFile)));
  const started = stopwatch();
  const outcome = await handle.ingest({ content: { der }, source: path, signers });
  if (outcome.kind !== 'stored') throw new Error(`the CRL was not stored: ${outcome.kind}`);
  store.renew();
  for (const { crl } of store.find(name)) crl.find(Uint8Array.of(1), name);
  return { issuer: name, first: started(), bytes: outcome.crl.bytes };
}

/** As a download leaves them: what this process has never touched would cost the first to read it far more than reading. */
function downloaded(path: string): Buffer {
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  const body = new BodyBuffer(size, size);
  const chunk = Buffer.alloc(CHUNK);
  for (let length = 1; length > 0;) {
    length = readSync(file, chunk);
    body.add(chunk.subarray(0, length));
  }
  closeSync(file);
  return body.finish();
}

function hashTime(content: Uint8Array): Spent {
  const times = Array.from({ length: ROUNDS }, () => {
    const started = stopwatch();
    hash('sha256', content);
    return started();
  });
  return { wall: Math.min(...times.map(({ wall }) => wall)), cpu: Math.min(...times.map(({ cpu }) => cpu)) };
}

/** Once what is let go has had time to go. */
async function settled(): Promise<number> {
  let least = anonymous();
  for (let wait = 0; wait < 20; wait++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    least = Math.min(least, anonymous());
  }
  return least;
}

/** RssAnon of this process, MB. */
function anonymous(): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return Number(kilobytes) / 1024;
}
