import type { Certificate } from '../../x509/certificate.js';
import { nameDifference } from '../../x509/name-difference.js';
import { sameName } from '../../x509/name.js';
import type { Budget } from '../budget.js';
import { type Failure, failureOf, quietly } from '../failure.js';
import type { IssuerWants } from '../missing-issuers.js';
import type { Signatures } from '../keys/signatures.js';
import type { Trace } from '../trace.js';
import type { TrustStore } from '../trust-store.js';
import type { CertificationPath } from '../certification-path.js';

/** A certificate that may be an issuer; an anchor is one too. */
interface Candidate {
  readonly certificate: Certificate;
}

/** Told why a candidate was given up before it made a path. */
interface DeadEnds {
  deadEnd(failure: Failure): void;
}

export interface PathSearch {
  readonly leaf: Certificate;
  /** Every other certificate on offer. */
  readonly pool: readonly Candidate[];
  readonly anchors: TrustStore;
  /** ms: candidates valid at this instant are tried first. */
  readonly time: number;
  readonly signatures: Signatures;
  readonly budget: Budget;
  readonly deadEnds: DeadEnds;
  readonly trace: Trace | undefined;
  /** Gets the certificates without an available issuer. */
  readonly issuers: IssuerWants | undefined;
}

/** The most certificates of a path, the anchor apart. */
const MAX_PATH = 64;

const FEW = 16;

/** Reports for a trace only; none of them is the reason of a verdict. */
const TOO_LONG: Failure = { code: 'NO_PATH', message: `the path has ${MAX_PATH} certificates and no anchor` };
const LOOP: Failure = {
  code: 'NO_PATH',
  message: 'the same name and key stand in the path already',
  section: 'RFC 4158 2.4.2',
};

/**
 * Visits every path from the leaf to an anchor, the likeliest first: depth first with back-tracking, loops refused
 * (RFC 4158 §2.4.2 and §5). A branch whose signature does not hold is not followed; one whose key is not whole
 * without the keys above it is. `visit` ends the search by answering `stop`. Throws BUDGET_EXCEEDED.
 */
export function searchPaths(search: PathSearch, visit: PathVisitor): void {
  const memory = search.pool.length > FEW ? new SearchMemory(search) : undefined;
  extend(search, memory, [search.leaf], visit);
}

type PathVisitor = (path: CertificationPath) => 'stop' | 'go on';

function extend(
  search: PathSearch,
  memory: SearchMemory | undefined,
  path: readonly Certificate[],
  visit: PathVisitor,
): 'stop' | 'go on' {
  const { budget, trace } = search;
  const child = path[path.length - 1] ?? search.leaf;
  const anchors = rank(child, search.anchors.named(child.issuer), search.time);
  for (const anchor of anchors) {
    budget.spendSteps(path.length);
    if (visit({ certificates: path, anchor }) === 'stop') return 'stop';
  }
  if (path.length >= MAX_PATH) {
    trace?.givenUp(path, TOO_LONG);
    return 'go on';
  }
  const issuers = memory?.issuersOf(child) ?? issuersOf(child, search);
  if (trace !== undefined && anchors.length + issuers.length === 0)
    trace.givenUp(path, noIssuer(child, search));
  let isIssued = anchors.length > 0;
  for (const { certificate } of issuers) {
    budget.spendSteps(1);
    if (memory === undefined ? isLoop(path, certificate) : memory.isLoop(path, certificate)) {
      trace?.givenUp([...path, certificate], LOOP);
      isIssued = true;
      continue;
    }
    if (!isSigned(search, path, certificate)) continue;
    isIssued = true;
    if (extend(search, memory, [...path, certificate], visit) === 'stop') return 'stop';
  }
  if (!isIssued) search.issuers?.missing(child);
  return 'go on';
}

/** Says of names that only look like the issuer's what tells them apart. */
function noIssuer({ issuer }: Certificate, { pool, anchors }: PathSearch): Failure {
  const others = [...pool.map(({ certificate }) => certificate.subject), ...anchors.names()];
  const differences = others.flatMap((name) => nameDifference(issuer, name) ?? []);
  const message = ['no certificate at hand has the name of its issuer', ...new Set(differences)].join('; ');
  return { code: 'NO_PATH', message, section: '6.1.3 (a)(4)' };
}

/** The likeliest first. */
function issuersOf(child: Certificate, { pool, time }: PathSearch): readonly Candidate[] {
  const issuers: Candidate[] = [];
  for (const candidate of pool)
    if (sameName(candidate.certificate.subject, child.issuer)) issuers.push(candidate);
  return rank(child, issuers, time);
}

/** RFC 4158 §2.4.2: a CA's name with the same key twice in a path leads nowhere new. */
function isLoop(path: readonly Certificate[], candidate: Certificate): boolean {
  for (let index = 1; index < path.length; index++) {
    const used = path[index];
    if (used === undefined || Buffer.compare(used.spki, candidate.spki) !== 0) continue;
    if (sameName(used.subject, candidate.subject)) return true;
  }
  return false;
}

/** The same questions where there are many candidates, and so many paths that come by each: answered once. */
class SearchMemory {
  readonly #search: PathSearch;
  readonly #byName: ReadonlyMap<string, readonly Candidate[]>;
  readonly #issuers = new Map<Certificate, readonly Candidate[]>();
  /** Name and key of CAs, as a text to compare. */
  readonly #identities = new Map<Certificate, string>();

  constructor(search: PathSearch) {
    this.#search = search;
    this.#byName = groupByName(search.pool);
  }

  issuersOf(child: Certificate): readonly Candidate[] {
    const known = this.#issuers.get(child);
    if (known !== undefined) return known;
    const issuers = rank(child, this.#byName.get(child.issuer.key) ?? [], this.#search.time);
    this.#issuers.set(child, issuers);
    return issuers;
  }

  isLoop(path: readonly Certificate[], candidate: Certificate): boolean {
    const identity = this.#identityOf(candidate);
    return path.some((used, index) => index > 0 && this.#identityOf(used) === identity);
  }

  #identityOf(certificate: Certificate): string {
    const known = this.#identities.get(certificate);
    if (known !== undefined) return known;
    const { subject, spki } = certificate;
    const identity = `${subject.key} ${Buffer.from(spki).toString('hex')}`;
    this.#identities.set(certificate, identity);
    return identity;
  }
}

function groupByName(pool: readonly Candidate[]): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of pool) {
    const { key } = candidate.certificate.subject;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  }
  return groups;
}

function isSigned(search: PathSearch, path: readonly Certificate[], issuer: Certificate): boolean {
  try {
    const child = path[path.length - 1] ?? search.leaf;
    const key = search.signatures.ownKey(issuer);
    // §6.1.4 (f): what a key inherits is known only from above; the validator, which comes from there, checks it
    if (key !== undefined) search.signatures.checkCertificate(child, key, issuer);
    return true;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === 'BUDGET_EXCEEDED') throw error;
    search.deadEnds.deadEnd(failure);
    search.trace?.givenUp([...path, issuer], failure);
    return false;
  }
}

/** RFC 4158 §3.5: matching key identifiers first, mismatching last; among equals the valid ones, then the newest. */
export function rank<T extends Candidate>(
  child: Pick<Certificate, 'authorityKeyIdentifier'>,
  candidates: readonly T[],
  time: number,
): readonly T[] {
  if (candidates.length < 2) return candidates;
  const wanted = quietly(() => child.authorityKeyIdentifier?.keyIdentifier);
  const ranked = candidates.map((candidate) => {
    const { certificate } = candidate;
    const isValid = certificate.notBefore <= time && time <= certificate.notAfter;
    const order = keyIdentifierRank(wanted, certificate) * 2 + (isValid ? 0 : 1);
    return { candidate, order, notBefore: certificate.notBefore };
  });
  return ranked
    .toSorted((a, b) => a.order - b.order || b.notBefore - a.notBefore)
    .map(({ candidate }) => candidate);
}

function keyIdentifierRank(wanted: Uint8Array | undefined, issuer: Certificate): 0 | 1 | 2 {
  const offered = quietly(() => issuer.subjectKeyIdentifier);
  if (wanted === undefined || offered === undefined) return 1;
  return Buffer.compare(wanted, offered) === 0 ? 0 : 2;
}

/** The certificates of a request that may be issuers: no duplicates, and none that is the leaf or an anchor. */
export function issuerPool(
  leaf: Certificate,
  others: readonly Certificate[],
  anchors: TrustStore,
): readonly Candidate[] {
  const pool: Candidate[] = [];
  const known = others.length > FEW ? new Set([leaf.fingerprint]) : undefined;
  for (const certificate of others) {
    const { fingerprint } = certificate;
    const isKnown =
      known?.has(fingerprint) ?? (fingerprint === leaf.fingerprint || isAmong(pool, fingerprint));
    if (isKnown || anchors.has(certificate)) continue;
    known?.add(fingerprint);
    pool.push({ certificate });
  }
  return pool;
}

function isAmong(pool: readonly Candidate[], fingerprint: string): boolean {
  for (const { certificate } of pool) if (certificate.fingerprint === fingerprint) return true;
  return false;
}
