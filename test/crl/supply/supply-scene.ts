import type { CrlRequest, FetchOutcome } from '../../../src/crl/fetch/crl-fetcher.js';
import { compareAge } from '../../../src/crl/store/newer.js';
import { CrlService, type CrlServiceOptions } from '../../../src/crl/supply/crl-service.js';
import { crlUrls } from '../../../src/crl/supply/crl-urls.js';
import { StoredCrls } from '../../../src/crl/supply/stored-crls.js';
import { UrlNotes } from '../../../src/crl/supply/url-notes.js';
import { Logger } from '../../../src/log.js';
import { RepeatedWarnings } from '../../../src/repeated-warnings.js';
import { spkiId } from '../../../src/verify/keys/ca-key.js';
import type { WantedCrl } from '../../../src/wire/crl.js';
import type { CrlSummary, IngestOutcome, IngestRequest, UrlRecord } from '../../../src/wire/ingest.js';
import { createRoot } from '../../pki/pki.js';
import type { CandidateCrl } from '../../../src/verify/crl-source.js';

const root = createRoot();
const SIGNER = Uint8Array.of(1);
export const MINUTE = 60_000;
export const REFRESH = 60 * MINUTE;

/** A CRL as it lies at an address; its times in ms from now. */
export interface Lying {
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly signer?: number;
}

/** What an address does when it is asked. */
export type Manner = Lying | 'hangs' | 'notFound' | 'refused';

export const want = (uris: readonly string[], more: Partial<WantedCrl> = {}): WantedCrl => ({
  issuer: root.name,
  uris,
  isDelta: false,
  signers: [SIGNER],
  ...more,
});

interface StoredCrl extends CandidateCrl {
  readonly key: string;
}

/** The service over a store, leases and servers that are all in memory; time is that of jest. */
export class SupplyScene {
  readonly records = new Map<string, UrlRecord>();
  readonly asked: CrlRequest[] = [];
  readonly manners = new Map<string, Manner>();
  /** ms that the clock is set beside the true time. */
  ahead = 0;
  readonly service: CrlService;
  #stored: StoredCrl | undefined;
  readonly #held = new Map<string, (outcome: FetchOutcome) => void>();

  constructor(more: Partial<CrlServiceOptions> = {}) {
    const log = new Logger('error', 'test', () => undefined);
    const records = { urlRecord: (url: string) => this.records.get(url) };
    const stored = new StoredCrls(
      { find: () => (this.#stored ? [this.#stored] : []) },
      false,
      () => this.now,
    );
    this.service = new CrlService({
      records,
      stored,
      via: undefined,
      notes: new UrlNotes({
        records,
        keeper: {
          note: (url, record) => Promise.resolve(void this.records.set(url, record)),
          learn: () => Promise.resolve(),
        },
        retry: { base: 10_000, most: 10 * MINUTE },
        servesOthers: false,
        warnings: new RepeatedWarnings(log),
        now: () => this.now,
        random: () => 0,
      }),
      keeper: {
        ingest: (request) => Promise.resolve(this.#ingest(request)),
        acquireLease: () => Promise.resolve(true),
        releaseLease: () => Promise.resolve(),
      },
      fetch: (request) => this.#fetch(request),
      longest: 90_000,
      refresh: REFRESH,
      shareWait: 3000,
      urlsOf: crlUrls,
      log,
      warnings: new RepeatedWarnings(log),
      now: () => this.now,
      random: () => 0,
      ...more,
    });
  }

  get now(): number {
    return Date.now() + this.ahead;
  }

  get stored(): { readonly thisUpdate: number; readonly nextUpdate: number | null } | undefined {
    return this.#stored?.crl;
  }

  get askedUrls(): readonly string[] {
    return this.asked.map(({ url }) => url);
  }

  /** What hung comes at last. */
  async release(url: string, lying: Manner): Promise<void> {
    const der = Buffer.from(JSON.stringify(lying));
    this.#held.get(url)?.({ kind: 'fetched', der, validators: {}, url });
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }

  #fetch(request: CrlRequest): Promise<FetchOutcome> {
    this.asked.push(request);
    const { url } = request;
    const manner = this.manners.get(url) ?? 'notFound';
    if (manner === 'hangs') return new Promise((resolve) => this.#held.set(url, resolve));
    if (manner === 'notFound')
      return Promise.resolve({
        kind: 'failed',
        code: 'FETCH_FAILED',
        fault: 'status',
        message: `${url}: 404`,
      });
    if (manner === 'refused')
      return Promise.resolve({
        kind: 'failed',
        code: 'FETCH_REFUSED',
        fault: 'refused',
        message: `${url}: private`,
      });
    const etag = `"${JSON.stringify(manner).replaceAll('"', "'")}"`;
    if (request.validators?.etag === etag)
      return Promise.resolve({ kind: 'notModified', validators: { etag } });
    const der = Buffer.from(JSON.stringify(manner));
    return Promise.resolve({ kind: 'fetched', der, validators: { etag }, url });
  }

  /** All of them are of one key, as CRLs of one point are. */
  #ingest({ content, source, signers }: IngestRequest): IngestOutcome {
    if (!('der' in content)) throw new Error('nobody reads files here');
    const lying = JSON.parse(Buffer.from(content.der).toString()) as Lying;
    const { thisUpdate, nextUpdate, signer = 1 } = lying;
    if (!signers.some(([key]) => key === signer))
      return { kind: 'refused', code: 'CRL_BAD_SIGNATURE', message: `${source}: bad signature` };
    if (thisUpdate > this.now + 5 * MINUTE)
      return { kind: 'refused', code: 'CRL_NOT_YET_VALID', message: `${source}: yet to come` };
    const before = this.#stored;
    const age = compareAge({ thisUpdate, number: null }, before?.crl);
    if (before !== undefined && (age === 'older' || age === 'same'))
      return { kind: 'notNewer', age, crl: summaryOf(before) };
    const crl = { thisUpdate, nextUpdate, number: null, isDelta: false, signerId: spkiId(SIGNER) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- more of it is not looked at
    this.#stored = { crl: crl as unknown as CandidateCrl['crl'], source, key: 'k' };
    return { kind: 'stored', crl: summaryOf(this.#stored) };
  }
}

function summaryOf({ crl, source, key }: StoredCrl): CrlSummary {
  const { thisUpdate, nextUpdate } = crl;
  return {
    key,
    source,
    thisUpdate,
    nextUpdate,
    issuer: root.name,
    number: null,
    isDelta: false,
    entries: 0,
    storedAt: 0,
    signerId: '',
    content: '',
    bytes: 0,
    wanted: undefined,
  };
}
