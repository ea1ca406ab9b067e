import type { PublicKey } from '../x509/public-key.js';
import { VerifyError } from './failure.js';

/**
 * What one request may cost. `npm run fuzz` measures requests that come close to each limit: all of them together stay
 * under 50 ms of CPU time, names × name constraints at their limit under 500 ms. Legitimate requests are far below: a
 * path of ten RSA-4096 signatures costs about 1 ms.
 */
interface BudgetLimits {
  /** Estimated µs of key imports and signature checks. */
  readonly signatures: number;
  /** Candidate issuers looked at while building paths, certificates validated, CRLs asked. */
  readonly steps: number;
  /** Names × name constraints of their form, over all certificates and paths. BoringSSL allows as many (2^20). */
  readonly comparisons: number;
  /** Names asked for × names presented. */
  readonly matches: number;
  /** Policies and policy mappings worked into policy graphs. */
  readonly policies: number;
  /** Names looked at for constraints on their form, over all certificates and paths, however many constraints. */
  readonly names: number;
  /** Octets of distinguished names brought into the form in which they are compared. */
  readonly nameOctets: number;
  /** Octets of the request's certificates, trust anchors included. */
  readonly certificateOctets: number;
  /** Octets of the request's CRLs. A stored one is parsed when it is stored. */
  readonly crlOctets: number;
  /** For CRLs whose entries name issuers. */
  readonly indirectCrlOctets: number;
  /** Octets of the request's OCSP responses. */
  readonly ocspOctets: number;
}

const MIB = 1_048_576;

export const DEFAULT_LIMITS: BudgetLimits = {
  signatures: 15_000,
  steps: 4096,
  comparisons: 1_048_576,
  matches: 1_048_576,
  policies: 10_000,
  names: 20_000,
  nameOctets: MIB / 4,
  certificateOctets: 2 * MIB,
  crlOctets: 4 * MIB,
  indirectCrlOctets: MIB / 4,
  ocspOctets: MIB,
};

/** Of what a request holds. */
interface Octets {
  readonly certificates: number;
  readonly crls: number;
  /** For CRLs whose entries name issuers. */
  readonly indirectCrls: number;
  readonly ocsp: number;
}

/** ns of reading and preparing what the request holds: see x509/work.ts. */
export const MAX_WORK = 20_000_000;

/** Importing a public key, µs. */
export const KEY_IMPORT_COST = 100;

/** Bytes hashed in one µs. */
export const HASH_RATE = 400;

/** Weighs every cost that input controls before it is paid. */
export class Budget {
  #signatures: number;
  #steps: number;
  #comparisons: number;
  #matches: number;
  #policies: number;
  #names: number;
  #nameOctets: number;
  readonly #limits: BudgetLimits;

  constructor(limits: BudgetLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
    this.#signatures = limits.signatures;
    this.#steps = limits.steps;
    this.#comparisons = limits.comparisons;
    this.#matches = limits.matches;
    this.#policies = limits.policies;
    this.#names = limits.names;
    this.#nameOctets = limits.nameOctets;
  }

  spendSignature(microseconds: number): void {
    this.#signatures -= microseconds;
    if (this.#signatures < 0) throw exceeded('signature checks');
  }

  spendSteps(count: number): void {
    this.#steps -= count;
    if (this.#steps < 0) throw exceeded('building and trying paths');
  }

  spendComparisons(count: number): void {
    this.#comparisons -= count;
    if (this.#comparisons < 0) throw exceeded('comparing names with constraints');
  }

  spendMatches(count: number): void {
    this.#matches -= count;
    if (this.#matches < 0) throw exceeded('looking for the names asked for');
  }

  spendPolicies(count: number): void {
    this.#policies -= count;
    if (this.#policies < 0) throw exceeded('following policies');
  }

  spendNames(count: number): void {
    this.#names -= count;
    if (this.#names < 0) throw exceeded('looking at names under constraints');
  }

  spendNameOctets(count: number): void {
    this.#nameOctets -= count;
    if (this.#nameOctets < 0) throw exceeded('comparing distinguished names');
  }

  /** Throws BUDGET_EXCEEDED for more than can be read in time. */
  checkSize({ certificates, crls, indirectCrls, ocsp }: Octets): void {
    const limits = this.#limits;
    const fewer = 'leave out what no path needs';
    const store = 'large ones belong into crl.directory';
    if (certificates > limits.certificateOctets)
      throw tooLarge('certificates', certificates, limits.certificateOctets, fewer);
    if (crls > limits.crlOctets) throw tooLarge('CRLs', crls, limits.crlOctets, store);
    if (indirectCrls > limits.indirectCrlOctets)
      throw tooLarge('indirect CRLs', indirectCrls, limits.indirectCrlOctets, store);
    if (ocsp > limits.ocspOctets) throw tooLarge('OCSP responses', ocsp, limits.ocspOctets, fewer);
  }
}

/** The estimated µs of checking one signature over `length` bytes; figures of a 3 GHz core, rounded up. */
export function signatureCost(key: PublicKey, length: number): number {
  return keyCost(key) + length / HASH_RATE;
}

/** The exponent of an RSA key is at most 33 bits long: twice the work of the usual 65537. */
const COST_AT_2048 = { rsa: 60, 'rsa-pss': 60, dsa: 1000 } as const;

const COST_OF_CURVE: Readonly<Record<string, number>> = { prime256v1: 100, secp384r1: 800 };

/** SLH-DSA climbs a number of hash trees that its parameter set fixes; `f` stands for fast signing. */
const COST_OF_KIND = {
  ed25519: 130,
  ed448: 500,
  'ml-dsa-44': 150,
  'ml-dsa-65': 200,
  'ml-dsa-87': 300,
  'slh-dsa-sha2-128s': 500,
  'slh-dsa-sha2-128f': 1200,
  'slh-dsa-sha2-192s': 900,
  'slh-dsa-sha2-192f': 1800,
  'slh-dsa-sha2-256s': 1000,
  'slh-dsa-sha2-256f': 2000,
  'slh-dsa-shake-128s': 1000,
  'slh-dsa-shake-128f': 2500,
  'slh-dsa-shake-192s': 1300,
  'slh-dsa-shake-192f': 3500,
  'slh-dsa-shake-256s': 1800,
  'slh-dsa-shake-256f': 3500,
} as const satisfies Readonly<Partial<Record<PublicKey['kind'], number>>>;

function keyCost({ kind, bits, curve }: PublicKey): number {
  switch (kind) {
    case 'ec':
      return COST_OF_CURVE[curve ?? ''] ?? 1500;
    case 'rsa':
    case 'rsa-pss':
    case 'dsa':
      return COST_AT_2048[kind] * (bits / 2048) ** 2;
    default:
      return COST_OF_KIND[kind];
  }
}

function tooLarge(what: string, octets: number, limit: number, wayOut: string): VerifyError {
  return new VerifyError(
    'BUDGET_EXCEEDED',
    `the ${what} of the request have ${octets} octets, more than ${limit}: ${wayOut}`,
  );
}

function exceeded(what: string): VerifyError {
  return new VerifyError('BUDGET_EXCEEDED', `${what} would cost more than one request may`);
}
