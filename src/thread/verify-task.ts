import type { Config, ProfileConfig } from '../config/config.js';
import { CrlDirectory } from '../crl/directory.js';
import type { LargeCrlKeeper } from '../crl/large-crl.js';
import { joinSources } from '../crl/joined-source.js';
import { PkixdError } from '../errors.js';
import { CaMemory } from '../verify/keys/ca-memory.js';
import { BASE_RULES, type Profile } from '../verify/profiles.js';
import { TrustStore } from '../verify/trust-store.js';
import { verify, type VerifyEnvironment } from '../verify/verify.js';
import { decode, encode } from '../wire/codec.js';
import type { VerifyRequest, VerifyResponse } from '../wire/request.js';
import type { Verdict } from '../wire/verdict.js';
import type { Name } from '../x509/name.js';
import { type AnchorOptions, readAnchors } from './anchors.js';
import { toVerifyRequest } from './request-shape.js';
import type { CrlSource } from '../verify/crl-source.js';

/**
 * The `verify` task alone: a `VerifyRequest` in msgpack to a `VerifyResponse` in msgpack. Trust anchors are read here,
 * once; `AnchorError` names those that cannot be read. `report` is called for CRL files that are left out. A server's
 * thread runs served-verify-task.ts.
 */
export function createVerifyTask(
  config: Config,
  report: (message: string) => void,
  stored?: CrlSource,
): (body: Uint8Array) => Uint8Array {
  const environment = createEnvironment(config, [stored, openFolder(config, report, stored)], report);
  return (body) => encode(respond(body, (request) => ({ verdict: verify(request, environment) })));
}

/** A `PkixdError` is caused by the request and is its answer; any other error is a bug, answered INTERNAL. */
export function respond<T extends { readonly verdict: Verdict }>(
  body: Uint8Array,
  answer: (request: VerifyRequest) => T,
): T | Extract<VerifyResponse, { readonly refused: unknown }> {
  try {
    return answer(toVerifyRequest(decode(body)));
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    return { refused: { code: error.code, message: error.message } };
  }
}

/**
 * A verifier by the configuration, with CRLs of these sources. Throws `AnchorError`.
 *
 * @param report called for unused content of the anchors' files, which a server reports when it checks its
 * configuration
 */
export function createEnvironment(
  config: Config,
  crls: readonly (CrlSource | undefined)[],
  report?: (message: string) => void,
): VerifyEnvironment {
  const profiles = createProfiles(config.profiles, config, report);
  return environmentOf(config, profiles, joinSources(crls), Date.now);
}

/** The same with profiles, CRLs and a clock of the caller. */
export function environmentOf(
  config: Config,
  profiles: ReadonlyMap<string, Profile>,
  crls: CrlSource,
  now: () => number,
): VerifyEnvironment {
  return {
    profiles,
    defaultProfile: config['profile.default'],
    crls,
    crlGrace: config['crl.grace'],
    memory: new CaMemory(),
    now,
  };
}

/** Throws `AnchorError`. */
export function createProfiles(
  profiles: Readonly<Record<string, ProfileConfig>>,
  config: Config,
  report?: (message: string) => void,
): ReadonlyMap<string, Profile> {
  const reading = { broken: config['trust.brokenAnchors'], ...(report && { report }) };
  const stores = new Map<string, TrustStore>();
  return new Map(
    Object.entries(profiles).map(([name, profile]) => [
      name,
      toProfile(profile, anchorsOf(profile, stores, reading)),
    ]),
  );
}

/** A profile of the configuration, with its trust anchors. */
export function toProfile({ base, ...settings }: ProfileConfig, anchors: TrustStore): Profile {
  return { ...settings, rules: BASE_RULES[base], anchors };
}

/** The folder of CRLs, if there is one; CRLs that `stored` has are not held twice. */
export function openFolder(
  config: Config,
  report: (message: string) => void,
  stored?: CrlSource,
  intake: Omit<LargeCrlKeeper, 'find'> = NO_INTAKE,
): CrlDirectory | undefined {
  const folder = config['crl.directory'];
  if (folder === null) return undefined;
  const keeper = stored && { ...intake, find: (issuer: Name) => stored.find(issuer) };
  const options = { rescan: config['crl.rescan'], report, now: Date.now };
  return new CrlDirectory(folder, keeper === undefined ? options : { ...options, keeper });
}

/** This process does not write to the store. */
const NO_INTAKE: Omit<LargeCrlKeeper, 'find'> = { signersOf: () => [], take: () => undefined };

/** Profiles with the same anchors share one store. */
function anchorsOf(
  { anchors }: ProfileConfig,
  stores: Map<string, TrustStore>,
  reading: AnchorOptions,
): TrustStore {
  const key = anchors.join('\n');
  const store = stores.get(key) ?? new TrustStore(anchors.flatMap((entry) => readAnchors(entry, reading)));
  stores.set(key, store);
  return store;
}
