import type { Config } from '../config/config.js';
import { AddressPolicy } from '../crl/fetch/address-policy.js';
import { ConfiguredSources } from '../crl/fetch/configured-sources.js';
import type { CrlStore } from '../crl/store/crl-store.js';
import { pastTime } from '../crl/store/records/past-times.js';
import { plainUrl, type ServedCrl } from '../crl/store/served-crl.js';
import { instanceName } from '../instance-name.js';
import { decodeTrusted, encode } from '../wire/codec.js';
import type { CrlProxyAnswer, CrlProxyRequest } from '../wire/crl-proxy.js';
import {
  nothingSupplied,
  SUPPLY_STEP,
  type Supplied,
  type SupplyRequest,
  type WantedCrl,
} from '../wire/crl.js';
import type { Attempt, TaskHandler } from '../wire/task.js';
import type { Name } from '../x509/name.js';
import { NO_ISSUERS } from './issuer-step-request.js';

export interface CrlProxyOptions {
  readonly config: Config;
  readonly store: CrlStore;
  /** SubjectPublicKeyInfo, DER, of the trust anchors with this name. */
  readonly anchorKeys: (name: Name) => readonly Uint8Array[];
  /** Called with the CRLs that are in use. */
  readonly used: (wanted: readonly WantedCrl[]) => void;
}

type Found = Extract<CrlProxyAnswer, { kind: 'crl' }>;
type Refused = Extract<CrlProxyAnswer, { kind: 'refused' }>;
type Served = NonNullable<ReturnType<CrlStore['servedAt']>>;

/** ms: a CRL that was fetched within this time is served even to a client that wants the source to be asked again. */
const YOUNG_MS = 30_000;
/** The most proxies, and octets of the field Via, of a request. */
const MAX_HOPS = 16;
const MAX_VIA = 1024;
const NOTHING_SUPPLIED = nothingSupplied(NO_ISSUERS);

/**
 * The task of the CRL proxy: answers with a CRL from the store, which is fetched first if it is missing or old. Only
 * CRLs that the store or the configuration knows are served, so that clients can fetch only what a verified chain has
 * named. Throws `CrlSourcesError`.
 */
export function createCrlProxyTask(options: CrlProxyOptions): TaskHandler {
  const { config, store } = options;
  const via = instanceName(config['data.directory']);
  const sources = ConfiguredSources.read(config, AddressPolicy.of(config));
  const answered = (answer: Omit<Found, 'via'> | Omit<Refused, 'via'>): Uint8Array =>
    encode({ ...answer, via });
  const refused = (status: Refused['status'], message: string): Uint8Array =>
    answered({ kind: 'refused', status, message });
  return (body, attempt) => {
    const request = decodeTrusted<CrlProxyRequest>(body);
    const { url, revalidate, onlyStored } = request;
    if (attempt.number > 0) store.renew();
    if (hasPassed(request.via, via))
      return refused(508, `the request is in a loop of proxies: ${request.via}`);
    const served = store.servedAt(url);
    const wanted = wantedAt(served?.url ?? url, served?.crl, options) ?? configured(url, sources, options);
    if (served === undefined && wanted === undefined) return refused(...unknown(url, store));
    const found = served && describe(served, options);
    const isYoung =
      found !== undefined && found.sinceAsked < Math.min(found.freshFor, revalidate ? YOUNG_MS : Infinity);
    if (isYoung) return answered(found.answer);
    if (attempt.number === 0 && !attempt.isLast && !onlyStored && wanted !== undefined) {
      options.used([wanted]);
      const others = pkixdsOf(request.via);
      const needs: SupplyRequest = {
        wanted: [wanted],
        supplied: NOTHING_SUPPLIED,
        maxAttempts: 1,
        mayPart: false,
        via: others,
      };
      return { needs: { step: SUPPLY_STEP, body: encode(needs) } };
    }
    if (found !== undefined && Date.now() < found.servedUntil) return answered(found.answer);
    return refused(504, whyNot(attempt, request, served));
  };
}

/** The answer for a stored CRL, and for how long it is fresh, ms; `undefined` if its bytes are not kept. */
function describe({ crl, url }: Served, { config, store }: CrlProxyOptions) {
  if (!crl.isKept()) return undefined;
  const { path, size, version, thisUpdate, nextUpdate } = crl;
  const record = store.urlRecord(url);
  const fetchedAt = record?.fetchedAt ?? crl.storedAt;
  const now = Date.now();
  const sinceAsked = Math.max(0, now - fetchedAt);
  // A fetch time in the future comes from a clock that was wrong.
  const isTold = pastTime(fetchedAt, now) > -Infinity;
  const end = Math.min((nextUpdate ?? Infinity) - fetchedAt, config['crl.refresh']);
  const freshFor = isTold ? Math.max(0, end) : 0;
  const toldAt = isTold ? fetchedAt : pastTime(crl.storedAt, now);
  // Its age when it came.
  const before = record?.age ?? 0;
  const age = before + sinceAsked;
  return {
    answer: { kind: 'crl', path, size, version, thisUpdate, age, lifetime: before + freshFor } as const,
    sinceAsked,
    freshFor,
    // The end of its grace; a CRL without nextUpdate lasts for one refresh.
    servedUntil: (nextUpdate ?? toldAt + config['crl.refresh']) + config['crl.grace'],
  };
}

/** The want to ask this URL for: the one that it was named for, or that of the CRL that it had. */
function wantedAt(
  url: string,
  crl: ServedCrl | undefined,
  { store }: CrlProxyOptions,
): WantedCrl | undefined {
  const { wanted } = store.urlRecord(url) ?? {};
  // Any chain may name any URL, so the CRL that it is known to have comes first.
  const fits = crl === undefined || wanted?.signers.some((spki) => Buffer.compare(spki, crl.signer) === 0);
  if (wanted !== undefined && fits === true) return { ...wanted, source: url };
  if (crl === undefined || !/^https?:/i.test(url)) return undefined;
  const { issuer, signer, isDelta } = crl;
  return { issuer, uris: [url], isDelta, signers: [signer], source: url };
}

/** A CRL that `crl.sources` names and that was never fetched, if a key to check it with is known. */
function configured(
  url: string,
  { entries }: ConfiguredSources,
  { anchorKeys }: CrlProxyOptions,
): WantedCrl | undefined {
  const plain = plainUrl(url);
  const entry = plain === undefined ? undefined : entries.find((each) => plainUrl(each.url) === plain);
  if (entry === undefined) return undefined;
  const { issuer, spki } = entry;
  const signers = [...(spki === undefined ? [] : [spki]), ...anchorKeys(issuer)].slice(0, 8);
  if (signers.length === 0) return undefined;
  return { issuer: issuer.der, uris: [], isDelta: true, signers, source: entry.url };
}

function unknown(url: string, store: CrlStore): [Refused['status'], string] {
  const record = store.urlRecord(url);
  if (record === undefined)
    return [
      403,
      `${url} is known neither from a verified chain nor, with a key to check it, from crl.sources`,
    ];
  const why = record.message ?? 'it was removed or evicted, and comes with the next chain that names it';
  return [504, `${url} is known, but the store has no CRL of it: ${why}`];
}

function whyNot(
  { found }: Attempt,
  { url, onlyStored }: CrlProxyRequest,
  served: Served | undefined,
): string {
  if (onlyStored)
    return `${url}: there is no fresh CRL in the store, and only-if-cached forbids fetching one`;
  const failures = found.length === 0 ? [] : decodeTrusted<Supplied>(found).failures;
  const why = failures.map(({ message }) => message).join('; ');
  const what =
    served === undefined ? 'there is no CRL in the store' : 'what the store has is out of date or incomplete';
  return `${url}: ${what}${why === '' ? '' : `; ${why}`}`;
}

/**
 * The pkixd instances in a Via field, to be passed on. Other entries are dropped: a client must not be able to make
 * other proxies refuse, since the result is shared.
 */
function pkixdsOf(via: string): string {
  return (via.match(/\bpkixd-[0-9a-f]{12}\b/g) ?? []).map((name) => `1.1 ${name}`).join(', ');
}

/** Whether a request came through here before, or through too many proxies (RFC 9110 §7.6.3). */
function hasPassed(via: string, name: string): boolean {
  const hops = via.split(',').map((entry) => entry.trim().split(/\s+/)[1]);
  return via.length > MAX_VIA || hops.length > MAX_HOPS || hops.includes(name);
}
