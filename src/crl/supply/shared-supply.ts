import { hostOf } from '../../repeated-warnings.js';
import { BoundedMap } from '../../verify/keys/bounded-map.js';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import type { CrlSummary } from '../../wire/ingest.js';
import { type FetchWay, logStored, type Origin, type OriginOptions } from './origin.js';
import { pastTime } from '../store/records/past-times.js';
import { NO_RECORD } from '../store/records/records.js';
import { isOverdueHere, judge } from './share-policy.js';
import type { Share, SharedCrl } from './share.js';
import { refusalName, staleness, validatorsOf } from './url-records.js';

export interface SharedSupplyOptions extends Pick<
  OriginOptions,
  'records' | 'stored' | 'keeper' | 'notes' | 'log' | 'warnings' | 'now'
> {
  readonly share: Share;
  /** ms: `crl.refresh` */
  readonly refresh: number;
  /** ms that other hosts and the share may hold one fetch up. */
  readonly wait: number;
}

/** For `since`: no earlier answer is new enough. */
export const NOW = Infinity;
/** ms between two looks at what another host is fetching. */
const POLL = 100;
/** The most refused CRLs of the share that are remembered, so that they are not read again. */
const MAX_REFUSED = 1000;

/**
 * CRLs of other hosts come before the URL's own server, which one host at a time asks:
 *
 *     ─▶ lease? ─▶ has another host what is wanted? ─▶ ask the server, publish, release
 *          ▲              │ no, and another host holds the lease
 *          └── a moment ◀─┘ for a limited time; then the server is asked nevertheless
 */
export class SharedSupply {
  readonly #options: SharedSupplyOptions;
  readonly #origin: Origin;
  readonly #refused = new BoundedMap<string, true>(MAX_REFUSED);

  constructor(options: SharedSupplyOptions, origin: Origin) {
    this.#options = options;
    this.#origin = origin;
  }

  /** Like `Origin.fetch`. `since` ms: an answer of the server to another host from then on is new enough. */
  async fetch(
    url: string,
    wanted: WantedCrl,
    since: number,
    way: FetchWay,
  ): Promise<FetchFailure | undefined> {
    const { share, records, refresh, wait, now } = this.#options;
    const isOurTurn = since === NOW || isOverdueHere(records.urlRecord(url)?.secondHand, refresh, now());
    for (const end = performance.now() + wait; ; await pause(POLL)) {
      const isOurs = await share.acquireLease(url);
      try {
        if (!isOurTurn && (await this.take(url, wanted, since, end))) return undefined;
        if (isOurs || isOurTurn || performance.now() >= end || way.signal.aborted) {
          share.count('miss');
          return await this.#origin.fetch(url, wanted, way);
        }
      } finally {
        if (isOurs) await share.releaseLease(url);
      }
    }
  }

  /** Has another host something that would be taken? */
  async hasNews(url: string, wanted: WantedCrl): Promise<boolean> {
    const offer = await this.#options.share.look(url);
    return offer !== undefined && this.#judge(offer, url, wanted, NOW) === 'take';
  }

  /** Takes what another host has, if that will do, before `end` by `performance.now`; did it? */
  async take(url: string, wanted: WantedCrl, since: number, end: number): Promise<boolean> {
    const { share, records, now } = this.#options;
    const offer = await share.look(url);
    const what = offer === undefined ? 'nothing' : this.#judge(offer, url, wanted, since);
    if (offer === undefined || what === 'nothing') return false;
    const taken = what === 'take' ? await this.#store(offer, url, wanted, end) : undefined;
    if (what === 'take' && taken === undefined) return false;
    const crl = what === 'take' ? taken?.key : records.urlRecord(url)?.crl;
    await this.#note(url, wanted, offer, { crl, isSame: what === 'same' });
    share.count('hit');
    // Its nextUpdate may be another than the one that was promised.
    return taken === undefined || staleness(url, taken, wanted, now()) === undefined;
  }

  #judge(offer: SharedCrl, url: string, wanted: WantedCrl, since: number): ReturnType<typeof judge> {
    const { stored, refresh, now } = this.#options;
    if (this.#refused.get(refusal(offer, url, wanted)) === true) return 'nothing';
    stored.renew();
    const present = stored.newest(wanted, { urls: [url] });
    const have = present?.isWhole === true ? present : undefined;
    const what = judge(offer, { have, since, refresh, now: now() });
    // A host that confirms it as the newest does not make it current.
    return what === 'same' && have && staleness(url, have, wanted, now()) ? 'nothing' : what;
  }

  /** The CRL, where it is in the store now. */
  async #store(
    offer: SharedCrl,
    url: string,
    wanted: WantedCrl,
    end: number,
  ): Promise<CrlSummary | undefined> {
    const { share, keeper, log, warnings } = this.#options;
    const der = await share.read(offer, end);
    if (der === undefined) return undefined;
    const { signers } = wanted;
    const outcome = await keeper.ingest({ content: { der }, source: url, signers, wanted });
    if (outcome.kind === 'stored') {
      logStored(log, 'a CRL came from another host', url, outcome);
      return outcome.crl;
    }
    if (outcome.kind === 'notNewer' && outcome.age === 'same' && outcome.crl !== null) return outcome.crl;
    // Nothing is held against the URL: its own server is asked.
    const why = outcome.kind === 'refused' ? outcome.message : 'it is older than the one that is here';
    if (outcome.kind === 'refused' && outcome.code === 'STORE_FAILED') return undefined;
    this.#refused.set(refusal(offer, url, wanted), true);
    share.count('refused');
    warnings.warn('a CRL that Redis has was not taken', hostOf(url), { url, why });
    return undefined;
  }

  async #note(
    url: string,
    wanted: WantedCrl,
    offer: SharedCrl,
    { crl, isSame }: { readonly crl: string | undefined; readonly isSame: boolean },
  ): Promise<void> {
    const { records, notes, now } = this.#options;
    const record = records.urlRecord(url) ?? NO_RECORD;
    const answeredAt = Math.min(offer.answeredAt, now());
    const since = pastTime(record.secondHand?.since, now());
    await notes.fetched(url, {
      // With another's validators the server's "not modified" would speak of what is not here.
      validators: isSame ? validatorsOf(record) : {},
      crl,
      age: now() - answeredAt,
      wanted,
      secondHand: { answeredAt, since: since === -Infinity ? now() : since },
    });
  }
}

function refusal({ body }: SharedCrl, url: string, wanted: WantedCrl): string {
  return `${refusalName(url, wanted)} ${body?.id}`;
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
