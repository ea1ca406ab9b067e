import type { CrlStore } from '../../crl/store/crl-store.js';
import type { CrlSummary, UrlRecord } from '../../wire/ingest.js';
import { issuerText } from './access.js';

/** The freshness of a stored CRL. */
export type Freshness =
  | 'current'
  /** Its nextUpdate comes within the given time. */
  | 'due'
  /** Past its nextUpdate. */
  | 'stale'
  /** It has no nextUpdate: it is used only by profiles with `crlMaxAge`. */
  | 'no end';

/** The facts about a stored CRL, for people and, as JSON, for programs. */
export interface CrlReport {
  readonly key: string;
  readonly issuer: string;
  readonly kind: 'complete' | 'delta';
  readonly number: string | null;
  /** ISO 8601, UTC. */
  readonly thisUpdate: string;
  readonly nextUpdate: string | null;
  readonly freshness: Freshness;
  readonly entries: number;
  /** The octets that it takes in the store. */
  readonly bytes: number;
  readonly source: string;
  readonly storedAt: string;
  /** When its source last answered; null if it was not fetched. */
  readonly fetchedAt: string | null;
  /** Failures of its source in a row, refused CRLs included, and the last message. */
  readonly failures: number;
  readonly failure: string | null;
  /** SHA-256 of its signer's SubjectPublicKeyInfo, hex. */
  readonly signer: string;
}

/** @param within ms in which a nextUpdate counts as due */
export function reportOf(crl: CrlSummary, store: CrlStore, now: number, within = 0): CrlReport {
  const record = store.urlRecord(crl.source);
  return {
    key: crl.key,
    issuer: issuerText(crl),
    kind: crl.isDelta ? 'delta' : 'complete',
    number: crl.number?.toString() ?? null,
    thisUpdate: iso(crl.thisUpdate),
    nextUpdate: crl.nextUpdate === null ? null : iso(crl.nextUpdate),
    freshness: freshnessOf(crl, now, within),
    entries: crl.entries,
    bytes: crl.bytes,
    source: crl.source,
    storedAt: iso(crl.storedAt),
    ...fetching(record),
    signer: crl.signerId,
  };
}

function fetching(record: UrlRecord | undefined): Pick<CrlReport, 'fetchedAt' | 'failures' | 'failure'> {
  const { fetchedAt = null, failures = 0, message = null, refusal } = record ?? {};
  return {
    fetchedAt: fetchedAt === null ? null : iso(fetchedAt),
    // New revocations are missed in both cases: the source does not answer, or its CRL is refused.
    failures: failures + (refusal?.count ?? 0),
    failure: failures > 0 ? message : (refusal?.message ?? null),
  };
}

function freshnessOf({ nextUpdate }: CrlSummary, now: number, within: number): Freshness {
  if (nextUpdate === null) return 'no end';
  if (nextUpdate <= now) return 'stale';
  return nextUpdate <= now + within ? 'due' : 'current';
}

function iso(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
