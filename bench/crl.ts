import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BigCrl, createBigCrl } from '../test/pki/big-crl.js';
import { newKey } from '../test/pki/keys.js';
import { createLeaf, createRoot, type Issued, pemOf } from '../test/pki/pki.js';
import { opensslCrl, opensslVerify, pkijsCrl } from './crl-parts/rivals.js';
import { measureStarts } from './crl-parts/start.js';
import { median } from './median.js';
import type { BenchOptions, BenchResult, Goal, Row } from './report.js';
import type { Spent } from './stopwatch.js';
import type { StoreFigures } from './threads/crl-store.js';

/**
 * What it costs to store a CRL and to ask it, for CRLs of several sizes: a process of its own, an ingest thread and a
 * reader in it, beside one SHA-256 over the same bytes, and beside what openssl and PKI.js take to read the same file.
 */
const SIZES = [1000, 100_000, 1_000_000];
/** PKI.js refuses larger CRLs: its parser bounds the elements that it takes. */
const PKIJS_MOST = 1000;
const LOOK_UPS = 100_000;
const HOUR = 3_600_000;
const STARTED = Date.now();

export async function run({ brief }: BenchOptions): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'pkixd-bench-crl-'));
  try {
    const rows: Row[] = [];
    const goals: Goal[] = [];
    for (const count of brief ? [1000] : SIZES) {
      const measured = measure(folder, count, brief ? 1 : 5);
      rows.push(...measured.rows);
      goals.push(...measured.goals);
    }
    const starts = await measureFullStore(folder, brief ? 1000 : 1_000_000, brief ? 1 : 9);
    return { rows: [...rows, ...starts.rows], goals: [...goals, ...starts.goals] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measure(folder: string, count: number, rounds: number): BenchResult {
  const root = createRoot({ subject: `Bench CA ${count}`, key: newKey('rsa-2048') });
  const crl = bigCrl(root, count, 2);
  const files = writeFiles(folder, root, crl, bigCrl(root, 1000, 1));
  const runs = Array.from({ length: rounds }, (_, round) => {
    const dataDirectory = join(folder, `${count}-${round}`);
    const figures = store(dataDirectory, files);
    const puts = barePuts(`${dataDirectory}-puts`, figures.bytes);
    for (const used of [dataDirectory, `${dataDirectory}-puts`]) rmSync(used, { recursive: true });
    return { ...figures, puts };
  });
  const of = (pick: (run: (typeof runs)[number]) => number): number => median(runs.map(pick));
  const megabytes = crl.der.length / 1e6;
  const name = (what: string): string => `${what}, ${count} entries`;
  const ratio = of(({ first, sha }) => first.cpu / sha.cpu);
  const growth = of(({ before, after }) => after - before);
  const peak = of((one) => (one.peak - one.before) / megabytes);
  const rows: Row[] = [
    ...(['cpu', 'wall'] as const).map((clock) => ({
      name: name(`bytes to first answer, ${clock === 'cpu' ? 'CPU' : 'clock'}`),
      value: of(({ first }) => first[clock]),
      unit: 'ms',
      reference: { name: 'SHA-256', value: of(({ sha }) => sha[clock]) },
      ratio: of(({ first, sha }) => first[clock] / sha[clock]),
    })),
    ...(['cpu', 'wall'] as const).map((clock) => ({
      name: name(`LMDB alone, as many bytes, ${clock === 'cpu' ? 'CPU' : 'clock'}`),
      value: of(({ puts }) => puts[clock]),
      unit: 'ms',
      reference: { name: 'SHA-256', value: of(({ sha }) => sha[clock]) },
      ratio: of(({ puts, sha }) => puts[clock] / sha[clock]),
    })),
    { name: name('look-up, hit'), value: of(({ hit }) => hit), unit: 'µs' },
    { name: name('look-up, miss'), value: of(({ miss }) => miss), unit: 'µs' },
    { name: name('look-up, the first of a process'), value: of(({ early }) => early), unit: 'µs' },
    {
      name: name('peak of anonymous memory'),
      value: peak * megabytes,
      unit: 'MB',
      reference: { name: 'the CRL', value: megabytes },
      ratio: peak,
    },
    { name: name('growth of anonymous memory'), value: growth, unit: 'MB' },
    ...[
      opensslCrl(files.crl),
      opensslVerify(files),
      ...(count <= PKIJS_MOST ? [pkijsCrl(files)] : []),
    ].flatMap(({ command, seconds, cpu, peak: most }) => [
      { name: name(`${command}, clock`), value: seconds * 1000, unit: 'ms' },
      { name: name(`${command}, CPU`), value: cpu * 1000, unit: 'ms' },
      { name: name(`${command}, memory`), value: most, unit: 'MB' },
    ]),
  ];
  const goals: Goal[] = [
    { what: name('look-up, hit'), value: of(({ hit }) => hit), limit: 2, side: 'at most', unit: 'µs' },
    { what: name('look-up, miss'), value: of(({ miss }) => miss), limit: 2, side: 'at most', unit: 'µs' },
    { what: name('growth'), value: growth, limit: 20, side: 'at most', unit: 'MB' },
  ];
  if (count < 1_000_000) return { rows, goals };
  return {
    rows,
    goals: [
      { what: name('first answer ÷ SHA-256'), value: ratio, limit: 10, side: 'at most', unit: '×' },
      { what: name('peak ÷ the CRL'), value: peak, limit: 3, side: 'at most', unit: '×' },
      ...goals,
    ],
  };
}

/** What a store with a CRL of so many entries costs the start of a server. */
async function measureFullStore(folder: string, count: number, rounds: number): Promise<BenchResult> {
  const root = createRoot({ subject: 'Bench Start', key: newKey('rsa-2048') });
  const files = writeFiles(folder, root, bigCrl(root, count, 2), bigCrl(root, 1000, 1));
  const dataDirectory = join(folder, 'full');
  store(dataDirectory, files);
  const { full, empty, more } = await measureStarts(folder, dataDirectory, rounds);
  const name = `start to ready, a store of ${count} entries`;
  return {
    rows: (['wall', 'cpu'] as const).flatMap((clock) => {
      const what = `${name}, ${clock === 'cpu' ? 'CPU' : 'clock'}`;
      const reference = { name: 'an empty store', value: empty[clock] };
      return [
        { name: what, value: full[clock], unit: 'ms', reference, ratio: full[clock] / empty[clock] },
        { name: `${what}: more`, value: more[clock], unit: 'ms' },
      ];
    }),
    goals: [{ what: `${name}: more`, value: more.wall, limit: 50, side: 'at most', unit: 'ms' }],
  };
}

function bigCrl(root: Issued, count: number, number: number): BigCrl {
  const thisUpdate = new Date(STARTED - HOUR + number * 1000);
  return createBigCrl(root, { count, number, thisUpdate, nextUpdate: new Date(STARTED + 24 * HOUR) });
}

interface Files {
  readonly crl: string;
  readonly warm: string;
  readonly spki: string;
  readonly serials: string;
  readonly root: string;
  readonly leaf: string;
  readonly crlPem: string;
}

function writeFiles(folder: string, root: Issued, crl: BigCrl, warm: BigCrl): Files {
  const path = (name: string): string => join(folder, `${crl.count}.${name}`);
  const write = (name: string, content: Uint8Array | string): string => {
    writeFileSync(path(name), content);
    return path(name);
  };
  const asked = Array.from({ length: LOOK_UPS }, (_, index) => (index * 7919) % crl.count);
  return {
    crl: write('crl', crl.der),
    crlPem: write('crl.pem', pemOf('X509 CRL', crl.der)),
    warm: write('warm.crl', warm.der),
    spki: write('spki', root.key.spki),
    serials: write(
      'serials',
      Buffer.concat([...asked.map((index) => crl.serial(index)), ...asked.map((index) => crl.absent(index))]),
    ),
    root: write('root.pem', root.pem),
    leaf: write('leaf.pem', createLeaf(root).pem),
  };
}

function store(dataDirectory: string, { crl, spki, serials, warm }: Files): StoreFigures {
  const figures: StoreFigures = JSON.parse(inProcess('crl-store', dataDirectory, crl, spki, serials, warm));
  return figures;
}

function barePuts(dataDirectory: string, bytes: number): Spent {
  const spent: Spent = JSON.parse(inProcess('bare-puts', dataDirectory, String(bytes)));
  return spent;
}

/** What the script prints that works in this folder, made for it. */
function inProcess(name: string, dataDirectory: string, ...args: readonly string[]): string {
  mkdirSync(dataDirectory);
  const script = new URL(`threads/${name}.js`, import.meta.url).pathname;
  const child = spawnSync(process.execPath, [script, dataDirectory, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`${name} ended with ${child.status}`);
  return child.stdout;
}
