import type { SecureContext } from 'node:tls';
import type { Config } from '../config/config.js';
import { parseRedisUrl } from '../config/redis-url.js';
import { instanceName } from '../instance-name.js';
import type { Logger } from '../log.js';
import { RepeatedWarnings } from '../repeated-warnings.js';
import { wantKey } from '../verify/revocation/missing-crls.js';
import { decodeTrusted, encode } from '../wire/codec.js';
import {
  type FetchFailure,
  FOLDER_NOTICE,
  type FolderCrl,
  SUPPLY_STEP,
  type Supplied,
  type SupplyRequest,
  USED_NOTICE,
  type WantedCrl,
} from '../wire/crl.js';
import { ISSUERS_STEP } from '../wire/issuers.js';
import { createCrlOrders } from './crl-orders.js';
import { ConfiguredSources } from './fetch/configured-sources.js';
import { CrlFetcher } from './fetch/crl-fetcher.js';
import { fetcherOptions } from './fetch/fetcher-options.js';
import { IngestHandle } from './ingest-handle.js';
import { createIssuerStep } from './issuer-step.js';
import type { Hosts } from './share/connect-share.js';
import { CrlStore } from './store/crl-store.js';
import { keepsDer } from './store/der-files.js';
import { CrlService, type Supply } from './supply/crl-service.js';
import { crlUrls } from './supply/crl-urls.js';
import { FolderIntake } from './supply/folder-intake.js';
import { StoredCrls } from './supply/stored-crls.js';
import { UrlNotes } from './supply/url-notes.js';

export interface CrlServicesOptions {
  readonly config: Config;
  readonly log: Logger;
  /** The ingest thread's module: thread/ingest.js. */
  readonly ingestEntry: URL;
  /** The store can no longer be written by this process. */
  readonly onStuck: (reason: string) => void;
}

interface Parts {
  readonly ingest: IngestHandle;
  readonly service: CrlService;
  readonly folder: FolderIntake | undefined;
}

/** The part of the places for waiting requests that clients of the CRL proxy may take; the rest is for verdicts. */
const PROXIED = 1 / 4;
/** The result of a request before the service is ready. */
const NO_SUPPLY: Supply = { failures: [], pending: [], attempts: 0 };
/** ms that the ingest thread gets to finish what it is writing when the process ends. */
const CLOSE_TIMEOUT_MS = 5000;
/** ms that a worker's start waits for the store to be opened for writing. */
const OPEN_TIMEOUT_MS = 2000;

/**
 * A worker's services for CRLs: the step that supplies them, the notice of their use, the store's epoch. Bytes in,
 * bytes out, so that the server need not know their meaning.
 */
export function createCrlServices({ config, log, ingestEntry, onStuck }: CrlServicesOptions) {
  const warnings = new RepeatedWarnings(log);
  const store = new CrlStore({
    dataDirectory: config['data.directory'],
    now: Date.now,
    report: (message) => {
      warnings.warn(message, '');
    },
  });
  const fetching = fetcherOptions(config, process.env);
  const fetcher = new CrlFetcher(fetching, ConfiguredSources.read(config, fetching.policy).files);
  const issuers = createIssuerStep(config, fetching, log, warnings);
  const servesOthers = keepsDer(config);
  const folder = config['crl.directory'];
  let parts: Parts | undefined;
  let hosts: Hosts | undefined;
  /** Fulfilled when `parts` are there. Threads may have found files in the folder before that. */
  let begun: Promise<void> = Promise.resolve();

  let proxied = 0;
  const supplyProxied: CrlService['supply'] = async (wanted, limits) => {
    if (proxied >= config['crl.maxWaiting'] * PROXIED)
      return { ...NO_SUPPLY, failures: wanted.flatMap(crlUrls).map(tooMany) };
    proxied++;
    try {
      return (await parts?.service.supply(wanted, limits)) ?? NO_SUPPLY;
    } finally {
      proxied--;
    }
  };
  const supply = async (body: Uint8Array, patience: number): Promise<Uint8Array> => {
    const { wanted, supplied, maxAttempts, mayPart, via } = decodeTrusted<SupplyRequest>(body);
    const limits = { patience, maxAttempts, mayPart, via };
    const { failures, pending, attempts } =
      via === undefined
        ? ((await parts?.service.supply(wanted, limits)) ?? NO_SUPPLY)
        : await supplyProxied(wanted, limits);
    const found: Supplied = {
      ...supplied,
      failures: [...supplied.failures, ...failures],
      pending: pending.map(wantKey),
      partings: supplied.partings + Number(pending.length > 0),
      attempts: supplied.attempts + attempts,
    };
    return encode(found);
  };
  const begin = async (): Promise<void> => {
    hosts = await openShare(config, fetching.secureContext, log);
    const ingest = new IngestHandle({
      entry: ingestEntry,
      dataDirectory: config['data.directory'],
      maxBytes: config['crl.maxStoreSize'],
      keepsDer: servesOthers,
      budget: config['crl.ingestTimeout'],
      log: (level, message, detail) => {
        const fields = detail === undefined ? {} : { detail };
        if (level === 'warn') warnings.warn(message, '', fields);
        else log.info(message, fields);
      },
      onStuck,
    });
    const notes = new UrlNotes({
      records: store,
      keeper: ingest,
      retry: { base: config['crl.retry'], most: config['crl.maxRetry'] },
      servesOthers,
      warnings,
      now: Date.now,
      random: Math.random,
    });
    const service = new CrlService({
      records: store,
      stored: new StoredCrls(store, servesOthers),
      keeper: ingest,
      notes,
      via: servesOthers ? instanceName(config['data.directory']) : undefined,
      fetch: (request) => fetcher.fetch(request),
      // Redis may hold it up twice: before the fetch, and with what came.
      longest: config['crl.fetchTimeout'] + config['crl.ingestTimeout'] + 2 * config['crl.redisMaxWait'],
      refresh: config['crl.refresh'],
      share: hosts?.share,
      shareWait: config['crl.redisMaxWait'],
      urlsOf: crlUrls,
      log,
      warnings,
      now: Date.now,
      random: Math.random,
    });
    const rescan = config['crl.rescan'];
    parts = {
      ingest,
      service,
      folder: folder === null ? undefined : new FolderIntake({ folder, rescan, keeper: ingest, store, log }),
    };
    hosts?.listen({ watched: () => service.watched, onAnnounced: (url) => service.onAnnounced(url) });
  };
  return {
    steps: { [SUPPLY_STEP]: supply, [ISSUERS_STEP]: issuers.run },
    patience: config['crl.maxWait'],
    maxWaiting: config['crl.maxWaiting'],
    notices: {
      [USED_NOTICE]: (body: Uint8Array): void => {
        parts?.service.used(decodeTrusted<readonly WantedCrl[]>(body));
      },
      [FOLDER_NOTICE]: (body: Uint8Array): void => {
        void begun.then(() => parts?.folder?.take(decodeTrusted<FolderCrl>(body)));
      },
    },
    counts: () => hosts?.counts(),
    orders: createCrlOrders(store, () => parts?.service),
    epoch: () => store.epoch(),
    /** Waits for the store only so long: what is in it can be read while another process has it for writing. */
    start: async (): Promise<void> => {
      begun = begin();
      await begun;
      // Loading the thread on a busy machine does not count: it is not another process's fault.
      await parts?.ingest.loaded;
      const opened = Promise.race([
        parts?.ingest.ready,
        new Promise((resolve) => setTimeout(resolve, OPEN_TIMEOUT_MS).unref()),
      ]);
      await Promise.all([opened, hosts?.up()]);
    },
    /** The HTTP client: loading it holds up the loop for as long as many requests. */
    warmUp: () => import('./fetch/http-agents.js'),
    /** False when the store was still being written to after so long. */
    close: async (): Promise<boolean> => {
      parts?.folder?.close();
      await parts?.service.close();
      hosts?.close();
      await Promise.all([fetcher.close(), issuers.close()]);
      const isClosed = (await parts?.ingest.close(CLOSE_TIMEOUT_MS)) ?? true;
      if (!isClosed) log.warn('the CRL store was still being written to');
      await store.close();
      return isClosed;
    },
  };
}

/** The library for Redis is large: it is loaded where Redis is used. */
async function openShare(
  config: Config,
  secureContext: SecureContext,
  log: Logger,
): Promise<Hosts | undefined> {
  const address = parseRedisUrl(config['crl.redis']);
  if (address === undefined) return undefined;
  const { connectShare } = await import('./share/connect-share.js');
  return connectShare(address, config, secureContext, log);
}

function tooMany(url: string): FetchFailure {
  const message = `${url}: too many clients of the CRL proxy wait already (a quarter of crl.maxWaiting)`;
  return { url, code: 'FETCH_FAILED', message };
}
