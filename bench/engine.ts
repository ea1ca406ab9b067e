import { verify as bareVerify } from 'node:crypto';
import { CaMemory } from '../src/verify/ca-memory.js';
import { BASE_RULES } from '../src/verify/profiles.js';
import { TrustStore } from '../src/verify/trust-store.js';
import { verify, type VerifyEnvironment } from '../src/verify/verify.js';
import type { VerifyRequest } from '../src/wire/request.js';
import { parseCertificate } from '../src/x509/certificate.js';
import { parseCrl } from '../src/x509/crl.js';
import { type KeyType, newKey } from '../test/pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../test/pki/pki.js';
import { median } from './median.js';
import type { BenchOptions, BenchResult, Goal, Row } from './report.js';

/**
 * What one verdict costs over the one signature check that cannot be spared. Each iteration verifies another leaf, as
 * the thread's code does (parse, path, validation, host name, purpose, fingerprints, verdict), under a root and an
 * intermediate that are warm; the reference is a bare `crypto.verify` over the same bytes with an imported key. The
 * two alternate in one run, and the figure is the median of the rounds.
 */
const LIMIT = 1.5;

export async function run(options: BenchOptions): Promise<BenchResult> {
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const [type, name] of [
    ['rsa-2048', 'RSA-2048'],
    ['p-256', 'P-256'],
  ] as const) {
    const figures = measure(type, options.brief ? 3 : 41, options.brief ? 50 : 400);
    const reference = { name: `bare crypto.verify, ${name}`, value: figures.bare };
    rows.push(
      { name: `verdict, ${name}`, value: figures.verdict, unit: 'µs', reference, ratio: figures.ratio },
      {
        name: `verdict with CRLs, ${name}`,
        value: figures.withCrls,
        unit: 'µs',
        reference,
        ratio: figures.crlRatio,
      },
    );
    goals.push({
      what: `verdict ÷ bare crypto.verify, ${name}`,
      value: figures.ratio,
      limit: LIMIT,
      side: 'at most',
      unit: '×',
    });
  }
  return { rows, goals };
}

interface Figures {
  readonly verdict: number;
  readonly withCrls: number;
  readonly bare: number;
  readonly ratio: number;
  readonly crlRatio: number;
}

function measure(type: KeyType, rounds: number, leafCount: number): Figures {
  const root = createRoot({ key: type });
  const intermediate = createIntermediate(root, { key: type });
  const leafKey = newKey(type);
  const leaves = Array.from({ length: leafCount }, () =>
    createLeaf(intermediate, { key: leafKey, dns: ['leaf.example', 'www.leaf.example'] }),
  );
  const environment = environmentOf(root, intermediate);
  const verdicts = requests(leaves, intermediate, 'off').map((request) => () => judge(request, environment));
  const withCrls = requests(leaves, intermediate, 'hard').map((request) => () => judge(request, environment));
  const bare = leaves.map((leaf) => bareCheck(leaf, intermediate));

  const samples: { verdict: number; withCrls: number; bare: number }[] = [];
  for (let round = 0; round < rounds + 2; round += 1) {
    const sample = { bare: timed(bare), verdict: timed(verdicts), withCrls: timed(withCrls) };
    // The first two rounds warm the compiler and the issuers.
    if (round >= 2) samples.push(sample);
  }
  return {
    verdict: median(samples.map((sample) => sample.verdict)),
    withCrls: median(samples.map((sample) => sample.withCrls)),
    bare: median(samples.map((sample) => sample.bare)),
    ratio: median(samples.map((sample) => sample.verdict / sample.bare)),
    crlRatio: median(samples.map((sample) => sample.withCrls / sample.bare)),
  };
}

function environmentOf(root: Issued, intermediate: Issued): VerifyEnvironment {
  const crls = [root, intermediate].map((issuer) => ({
    crl: parseCrl(createCrl(issuer).der),
    source: 'bench',
  }));
  const profile = {
    rules: BASE_RULES.webpki,
    anchors: new TrustStore([parseCertificate(root.der)]),
    revocation: 'hard',
    purpose: null,
    crlMaxAge: null,
    maxIntermediates: null,
  } as const;
  return {
    profiles: new Map([['bench', profile]]),
    defaultProfile: 'bench',
    crls: { find: (issuer) => crls.filter(({ crl }) => crl.issuer.key === issuer.key) },
    crlGrace: 0,
    memory: new CaMemory(),
    now: Date.now,
  };
}

function requests(
  leaves: readonly Issued[],
  intermediate: Issued,
  revocation: 'off' | 'hard',
): VerifyRequest[] {
  return leaves.map((leaf) => ({
    certificates: [leaf.der, intermediate.der],
    crls: [],
    purpose: 'serverAuth',
    hosts: ['www.leaf.example'],
    revocation,
  }));
}

function judge(request: VerifyRequest, environment: VerifyEnvironment): void {
  const { status, code, message } = verify(request, environment);
  if (status !== 'valid') throw new Error(`the benchmark's own leaf is ${code}: ${message}`);
}

function bareCheck(leaf: Issued, issuer: Issued): () => void {
  const { tbs, signature } = parseCertificate(leaf.der);
  return () => {
    if (!bareVerify('sha256', tbs, issuer.key.publicKey, signature)) throw new Error('bad signature');
  };
}

/** µs for each of the jobs, on average. */
function timed(jobs: readonly (() => void)[]): number {
  const start = process.hrtime.bigint();
  for (const job of jobs) job();
  return Number(process.hrtime.bigint() - start) / 1000 / jobs.length;
}
