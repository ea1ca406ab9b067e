import { clientProfiles } from '../config/client-profiles.js';
import type { Config } from '../config/config.js';
import { AddressPolicy } from '../crl/fetch/address-policy.js';
import { ConfiguredSources } from '../crl/fetch/configured-sources.js';
import type { CrlDirectory } from '../crl/directory.js';
import { unaskable } from '../crl/fetch/unaskable.js';
import { crlUrls } from '../crl/supply/crl-urls.js';
import { recentFailure } from '../crl/supply/url-records.js';
import type { CrlStore } from '../crl/store/crl-store.js';
import { keepsDer } from '../crl/store/der-files.js';
import { showUrl } from '../show-url.js';
import { BoundedMap } from '../verify/keys/bounded-map.js';
import { CrlWants, wantKey } from '../verify/revocation/missing-crls.js';
import { verify, type VerifyEnvironment } from '../verify/verify.js';
import { decodeTrusted, encode } from '../wire/codec.js';
import { encodeVerdict } from '../wire/verdict-encoder.js';
import {
  type FetchFailure,
  type FolderCrl,
  nothingSupplied,
  SUPPLY_STEP,
  type Supplied,
  type SupplyRequest,
  type WantedCrl,
} from '../wire/crl.js';
import type { Attempt, TaskHandler, TaskResult } from '../wire/task.js';
import { DerReader } from '../x509/der.js';
import { type Name, readName } from '../x509/name.js';
import { issuerNeeds, issuerWantsFor, NO_ISSUERS, withIssuers } from './issuer-step-request.js';
import { keepFor } from './cache-lifetime.js';
import { createEnvironment, createProfiles, openFolder, respond } from './verify-task.js';

/** What a task needs from the store besides its CRLs. */
export type TaskStore = Pick<CrlStore, 'renew' | 'epoch' | 'urlRecord'>;

export interface ServedTaskOptions {
  readonly config: Config;
  readonly store: CrlStore;
  /** Called for CRL files that are left out. */
  readonly report: (message: string) => void;
  /** Called with the sources of CRLs that were used. */
  readonly used: (wanted: readonly WantedCrl[]) => void;
  /** Called with large files of the folder that the store does not have. */
  readonly take: (crl: FolderCrl) => void;
}

/** The most CRLs that one request may ask for, and addresses for them, over all rounds. */
const MAX_WANTED = 32;
const MAX_ATTEMPTS = 64;
/** How often one request may ask for CRLs, and how often it is verified again before all of them have come. */
const MAX_ROUNDS = 2;
const MAX_PARTINGS = 2;
const NOTHING_SUPPLIED = nothingSupplied(NO_ISSUERS);

/**
 * The `verify` task of a server: missing CRLs and issuers are asked for, and the request is verified again with what
 * came, or with the failures. Also the task for certificates of TLS clients, with profiles that requests cannot name.
 * Throws `AnchorError` and `CrlSourcesError`.
 */
export function createServedVerifyTasks(options: ServedTaskOptions): {
  readonly verify: TaskHandler;
  readonly client: TaskHandler;
} {
  const { config, report, store } = options;
  const folder = openFolder(config, report, store, {
    signersOf: (issuer) => [...anchorsNamed(issuer, environment), ...anchorsNamed(issuer, ofClients)],
    take: (path, signers) => {
      options.take({ path, signers });
    },
  });
  const environment = createEnvironment(config, [store, folder]);
  const ofClients = { ...environment, profiles: createProfiles(clientProfiles(config), config) };
  folder?.look();
  const uses = new Uses({ config, used: options.used }, folder);
  const sources = ConfiguredSources.read(config, AddressPolicy.of(config));
  return {
    verify: createTask({ config, store, environment, uses }, sources),
    client: createTask({ config, store, environment: ofClients, uses }, sources),
  };
}

/** The same with an environment, a store and sources of the caller. */
export function createTask(
  surroundings: Omit<Surroundings, 'sources'>,
  sources: ConfiguredSources,
): TaskHandler {
  const all = { ...surroundings, sources };
  return (body, attempt) => answer(body, attempt, all);
}

/** The keys of trust anchors with this name, of all profiles. */
function anchorsNamed(issuer: Name, { profiles }: VerifyEnvironment): readonly Uint8Array[] {
  const anchors = [...profiles.values()].flatMap((profile) => profile.anchors.named(issuer));
  return anchors.map(({ certificate }) => certificate.spki);
}

interface Surroundings {
  readonly config: Config;
  readonly store: TaskStore;
  readonly environment: VerifyEnvironment;
  readonly uses: Uses;
  readonly sources: ConfiguredSources;
}

function answer(body: Uint8Array, attempt: Attempt, surroundings: Surroundings): TaskResult {
  const { config, store, environment } = surroundings;
  // A CRL may have been stored since, within the same turn of the thread's loop.
  if (attempt.number > 0) store.renew();
  const epoch = store.epoch();
  const since = environment.now();
  const supplied = attempt.found.length === 0 ? NOTHING_SUPPLIED : decodeTrusted<Supplied>(attempt.found);
  const { isLast } = attempt;
  const wants = wantsFor(isLast, supplied, surroundings);
  const issuers = issuerWantsFor(config, supplied);
  const response = respond(body, (request) => ({
    verdict: verify(withIssuers(request, supplied), environment, undefined, wants, issuers),
    request,
  }));
  if ('refused' in response) return encode(response);
  const lacking = issuerNeeds(issuers, supplied);
  if (lacking !== undefined && !attempt.isLast) return lacking;
  const wanted = isLast ? [] : wants.list();
  if (wanted.length > 0)
    return { needs: { step: SUPPLY_STEP, body: encode(supplyRequest(wanted, supplied)) } };
  const { verdict, request } = response;
  const encoded = encodeVerdict(verdict);
  const isWithoutIssuer = lacking !== undefined || supplied.issuers.failures.length > 0;
  // The next request may find the issuer that this one lacked.
  if (isWithoutIssuer && verdict.status !== 'valid') return encoded;
  // A limit on this request's CRLs must not affect the next one.
  if (wants.isCut) return encoded;
  const keep = keepFor(verdict, {
    isForNow: request.at === undefined,
    isShort: supplied.failures.length + supplied.pending.length > 0 || isLast || wants.isShort,
    longest: config['crl.refresh'],
    folder: config['crl.directory'] === null ? Infinity : config['crl.rescan'],
    now: environment.now(),
  });
  return keep === undefined ? encoded : { body: encoded, keep: { since, until: keep, epoch } };
}

function wantsFor(
  isLast: boolean,
  supplied: Supplied,
  { store, environment, uses, sources }: Surroundings,
): CrlWants {
  const bound = boundOf(supplied);
  const pending = new Set(supplied.pending);
  const failure = (url: string, wanted: WantedCrl): FetchFailure | undefined => {
    const known =
      (wanted.source === undefined ? unaskable(url) : undefined) ??
      recentFailure(store, url, wanted, environment.now());
    if (known !== undefined) return known;
    if (bound !== undefined && !pending.has(wantKey(wanted))) return notAsked(url, bound);
    return isLast ? noMore(url) : undefined;
  };
  return new CrlWants({
    maxWanted: MAX_WANTED - supplied.asked.length,
    asked: new Set(supplied.asked),
    pending,
    failures: supplied.failures,
    sourcesOf: ({ issuer }) => sources.urlsFor(readName(new DerReader(issuer), 'issuer')),
    urlsOf: crlUrls,
    knownFailure: failure,
    used: (source, wanted) => {
      uses.note(source, wanted);
    },
  });
}

function supplyRequest(wanted: readonly WantedCrl[], supplied: Supplied): SupplyRequest {
  const before = new Set(supplied.asked);
  const asked = [...new Set([...before, ...wanted.map(wantKey)])];
  const rounds = supplied.rounds + (asked.length > before.size ? 1 : 0);
  const maxAttempts = MAX_ATTEMPTS - supplied.attempts;
  const mayPart = supplied.partings < MAX_PARTINGS;
  return { wanted, supplied: { ...supplied, asked, rounds }, maxAttempts, mayPart };
}

/** Why the request may not ask for CRLs any more, regardless of its time. */
function boundOf({ asked, attempts, rounds }: Supplied): string | undefined {
  if (rounds >= MAX_ROUNDS) return `one request asks for CRLs no more than ${MAX_ROUNDS} times`;
  if (asked.length >= MAX_WANTED) return `one request asks for no more than ${MAX_WANTED} CRLs`;
  if (attempts >= MAX_ATTEMPTS) return `one request asks no more than ${MAX_ATTEMPTS} addresses for CRLs`;
  return undefined;
}

function notAsked(url: string, bound: string): FetchFailure {
  return { url, code: 'FETCH_LIMIT', message: `${showUrl(url)}: not asked: ${bound}` };
}

function noMore(url: string): FetchFailure {
  const message = `${showUrl(url)}: there was no time or room to fetch it (crl.maxWait, crl.maxWaiting)`;
  return { url, code: 'FETCH_FAILED', message };
}

/** Reports the sources of CRLs in use, each at intervals. */
export class Uses {
  readonly #options: Pick<ServedTaskOptions, 'config' | 'used'>;
  readonly #folder: CrlDirectory | undefined;
  readonly #interval: number;
  readonly #tellsAll: boolean;
  readonly #told = new BoundedMap<string, number>(4096);

  constructor(options: Pick<ServedTaskOptions, 'config' | 'used'>, folder?: CrlDirectory) {
    this.#options = options;
    this.#tellsAll = keepsDer(options.config);
    this.#folder = folder;
    this.#interval = Math.min(300_000, options.config['crl.refresh'] / 2);
  }

  /** CRLs in the folder are kept fresh by its operator; CRLs of a request are never refreshed. */
  note(source: string, wanted: () => readonly WantedCrl[]): void {
    if (source === 'request') return;
    const now = Date.now();
    const folder = this.#options.config['crl.directory'];
    const isOfFolder = folder !== null && source.startsWith(folder);
    // A CRL proxy needs all URLs that chains name; otherwise one of each CRL is enough.
    const key = this.#tellsAll && !isOfFolder ? wanted().map(wantKey).join() : source;
    const told = this.#told.get(key);
    if (told !== undefined && now - told < this.#interval && now >= told) return;
    this.#told.set(key, now);
    if (isOfFolder) this.#folder?.signedBy(source, () => wanted().flatMap(({ signers }) => signers));
    else this.#options.used(wanted());
  }
}
