import type { Certificate } from '../x509/certificate.js';
import { sameName } from '../x509/name.js';
import type { Budget } from './budget.js';
import { type Failure, failureOf } from './failure.js';
import type { Signatures } from './signatures.js';
import { isSameCertificate, type TrustAnchor, type TrustStore } from './trust-store.js';

/** A chain of names and signatures from the leaf to an anchor; what else §6.1 wants is the validator's. */
export interface CertificationPath {
  /** Leaf first; the anchor is not among them. */
  readonly certificates: readonly Certificate[];
  readonly anchor: TrustAnchor;
}

export interface PathSearch {
  readonly leaf: Certificate;
  /** Every other certificate on offer. */
  readonly pool: readonly Certificate[];
  readonly anchors: TrustStore;
  /** ms: candidates valid at this instant are tried first. */
  readonly time: number;
  readonly signatures: Signatures;
  readonly budget: Budget;
  /** Told why a candidate was given up before it made a path. */
  deadEnd(failure: Failure): void;
}

/** The most certificates of a path, the anchor apart. */
const MAX_PATH = 64;

/**
 * Every path from the leaf to an anchor, the likeliest first: depth first with back-tracking, loops refused
 * (RFC 4158 §2.4.2 and §5). A branch whose signature does not hold is not followed. Throws BUDGET_EXCEEDED.
 */
export function candidatePaths(search: PathSearch): Generator<CertificationPath> {
  return extend(search, [search.leaf]);
}

function* extend(search: PathSearch, path: Certificate[]): Generator<CertificationPath> {
  const child = path[path.length - 1] ?? search.leaf;
  for (const anchor of rank(child, search.anchors.named(child.issuer), certificateOfAnchor, search.time)) {
    search.budget.spendStep();
    yield { certificates: path.slice(), anchor };
  }
  if (path.length >= MAX_PATH) return;
  const issuers = search.pool.filter((candidate) => sameName(candidate.subject, child.issuer));
  for (const issuer of rank(child, issuers, itself, search.time)) {
    search.budget.spendStep();
    if (isLoop(path, issuer) || !isSigned(search, child, issuer)) continue;
    path.push(issuer);
    yield* extend(search, path);
    path.pop();
  }
}

/** RFC 4158 §2.4.2: a CA's name with the same key twice in a path leads nowhere new. */
function isLoop(path: readonly Certificate[], candidate: Certificate): boolean {
  return path.some(
    (used, index) =>
      index > 0 &&
      Buffer.compare(used.spki, candidate.spki) === 0 &&
      sameName(used.subject, candidate.subject),
  );
}

function isSigned(search: PathSearch, child: Certificate, issuer: Certificate): boolean {
  try {
    search.signatures.checkCertificate(child, search.signatures.key(issuer));
    return true;
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure.code === 'BUDGET_EXCEEDED') throw thrown;
    search.deadEnd(failure);
    return false;
  }
}

/** RFC 4158 §3.5: matching key identifiers first, mismatching last; among equals the valid ones, then the newest. */
function rank<T>(
  child: Certificate,
  candidates: readonly T[],
  certificateOf: (candidate: T) => Certificate,
  time: number,
): readonly T[] {
  if (candidates.length < 2) return candidates;
  const wanted = quietly(() => child.authorityKeyIdentifier?.keyIdentifier);
  const ranked = candidates.map((candidate) => {
    const certificate = certificateOf(candidate);
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

/** Identifiers are only hints here; a broken extension is the validator's finding. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    failureOf(thrown);
    return undefined;
  }
}

function certificateOfAnchor(anchor: TrustAnchor): Certificate {
  return anchor.certificate;
}

function itself(certificate: Certificate): Certificate {
  return certificate;
}

/** The certificates of a request that may be issuers: no duplicates, and none that is the leaf or an anchor. */
export function issuerPool(
  leaf: Certificate,
  others: readonly Certificate[],
  anchors: TrustStore,
): readonly Certificate[] {
  const pool: Certificate[] = [];
  for (const other of others) {
    if (isSameCertificate(other, leaf) || anchors.has(other)) continue;
    if (!pool.some((known) => isSameCertificate(known, other))) pool.push(other);
  }
  return pool;
}
