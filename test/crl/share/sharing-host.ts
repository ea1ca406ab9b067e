import { createSecureContext } from 'node:tls';
import type { FetchOutcome } from '../../../src/crl/fetch/crl-fetcher.js';
import { parseRedisUrl } from '../../../src/config/redis-url.js';
import { RedisConnection } from '../../../src/crl/share/redis-connection.js';
import { RedisShare } from '../../../src/crl/share/redis-share.js';
import { SharedNames } from '../../../src/crl/share/shared-entry.js';
import type { CrlStore } from '../../../src/crl/store/crl-store.js';
import { Downloads } from '../../../src/crl/supply/downloads.js';
import { StoredCrls } from '../../../src/crl/supply/stored-crls.js';
import { UrlNotes } from '../../../src/crl/supply/url-notes.js';
import { Logger, type LogRecord } from '../../../src/log.js';
import { RepeatedWarnings } from '../../../src/repeated-warnings.js';
import type { WantedCrl } from '../../../src/wire/crl.js';
import type { UrlRecord } from '../../../src/wire/ingest.js';
import { DerReader } from '../../../src/x509/der.js';
import { readName } from '../../../src/x509/name.js';
import type { Issued } from '../../pki/pki.js';
import { openScene, type StoreScene } from '../store/store-scene.js';

const DAY = 86_400_000;
export const NAMES = new SharedNames('test:');

export interface LinkOptions {
  readonly timeout?: number;
  readonly wait?: number;
  readonly maxSize?: number;
}

interface HostOptions extends LinkOptions {
  readonly keepsDer?: boolean;
  /** A store that outlives the host. */
  readonly scene?: StoreScene;
}

/** A connection to a Redis, and what it said for the log. */
export async function connectTo(
  url: string,
  { timeout = 60_000, wait = 60_000, maxSize = 2 ** 26 }: LinkOptions = {},
) {
  const records: LogRecord[] = [];
  const log = new Logger('info', 'test', (record) => void records.push(record));
  const address = parseRedisUrl(url);
  if (address === undefined) throw new Error(`${url} is no Redis`);
  const secureContext = createSecureContext();
  const connection = new RedisConnection({ address, secureContext, timeout, purpose: 'tests', log });
  const limits = { maxSize, wait, fetchTimeout: 60_000, refresh: DAY };
  const share = new RedisShare({ connection, names: NAMES, now: Date.now, ...limits });
  await connection.up(60_000);
  return { connection, share, log, records };
}

/** What a URL's server has, and how often it was asked. */
export class FakeOrigin {
  asked = 0;
  answer: () => Promise<FetchOutcome> = () => Promise.reject(new Error('nothing is published'));

  publish(url: string, der: Uint8Array): void {
    this.answer = () =>
      Promise.resolve({
        kind: 'fetched',
        der: Buffer.from(Uint8Array.from(der).buffer),
        validators: {},
        url,
      });
  }
}

/** A host with a store of its own: what it downloads goes through Redis. */
export class SharingHost {
  readonly downloads: Downloads;
  readonly records: LogRecord[];
  readonly #scene: StoreScene;
  readonly #ownsScene: boolean;
  readonly #link: Awaited<ReturnType<typeof connectTo>>;

  private constructor(
    scene: StoreScene,
    link: Awaited<ReturnType<typeof connectTo>>,
    origin: FakeOrigin,
    { wait = 60_000, keepsDer = false, scene: given }: HostOptions,
  ) {
    this.#scene = scene;
    this.#ownsScene = given === undefined;
    this.#link = link;
    this.records = link.records;
    const { writer, ingester, store } = scene;
    this.downloads = new Downloads({
      records: store,
      stored: new StoredCrls(store, keepsDer),
      notes: new UrlNotes({
        records: store,
        keeper: {
          note: (url, record) => writer.noteUrl(url, record),
          learn: (url, wanted) => writer.learnUrl(url, wanted),
        },
        retry: { base: 10_000, most: 60_000 },
        servesOthers: keepsDer,
        warnings: new RepeatedWarnings(link.log),
        now: Date.now,
        random: () => 0,
      }),
      via: undefined,
      keeper: {
        ingest: (request) => ingester.ingest(request, () => undefined),
        acquireLease: (name, duration) => writer.acquireLease(name, duration),
        releaseLease: (name) => writer.releaseLease(name),
      },
      fetch: () => {
        origin.asked++;
        return origin.answer();
      },
      longest: 90_000,
      refresh: DAY,
      share: link.share,
      shareWait: wait,
      log: link.log,
      warnings: new RepeatedWarnings(link.log),
      now: Date.now,
    });
  }

  static async start(url: string, origin: FakeOrigin, options: HostOptions = {}): Promise<SharingHost> {
    const { keepsDer = false, scene: given } = options;
    const [scene, link] = await Promise.all([given ?? openScene({ keepsDer }), connectTo(url, options)]);
    return new SharingHost(scene, link, origin, options);
  }

  get counts(): RedisShare['counts'] {
    return this.#link.share.counts;
  }

  /** The number of the CRL that it has of a want, if it has one. */
  numberOf(wanted: WantedCrl): bigint | null | undefined {
    this.#scene.store.renew();
    return new StoredCrls(this.#scene.store, false).newest(wanted)?.number;
  }

  /** Does a CRL of this issuer, in its store, list the serial number? */
  lists({ name }: Pick<Issued, 'name'>, serial: number): boolean {
    this.#scene.store.renew();
    const issuer = readName(new DerReader(name), 'issuer');
    const octets = Buffer.from(serial.toString(16).padStart(4, '0'), 'hex');
    return this.#scene.store.find(issuer).some(({ crl }) => crl.find(octets, issuer) !== undefined);
  }

  /** What it would serve of a URL to others. */
  servedAt(url: string): ReturnType<CrlStore['servedAt']> {
    this.#scene.store.renew();
    return this.#scene.store.servedAt(url);
  }

  recordOf(url: string): UrlRecord | undefined {
    return this.#scene.store.urlRecord(url);
  }

  async isUp(): Promise<void> {
    await this.#link.connection.up(60_000);
  }

  /** As if this host had not asked the URL's server for five intervals. */
  async secondHandGetsOld(url: string): Promise<void> {
    const record = this.#scene.store.urlRecord(url);
    if (record?.secondHand === undefined) throw new Error('it asked itself');
    const secondHand = { ...record.secondHand, since: Date.now() - 5 * DAY };
    await this.#scene.writer.noteUrl(url, { ...record, secondHand });
    this.#scene.store.renew();
  }

  async close(): Promise<void> {
    await this.downloads.close();
    this.#link.connection.close();
    if (this.#ownsScene) await this.#scene.close();
  }
}
