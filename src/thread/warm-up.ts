import type { Config, ProfileConfig } from '../config/config.js';
import { AddressPolicy } from '../crl/fetch/address-policy.js';
import { ConfiguredSources } from '../crl/fetch/configured-sources.js';
import { joinSources } from '../crl/joined-source.js';
import { TrustStore } from '../verify/trust-store.js';
import type { VerifyEnvironment } from '../verify/verify.js';
import { WARM_UP_DOMAIN, WARM_UP_PKI, type WarmUpChain } from '../warm-up-pki.js';
import { encode } from '../wire/codec.js';
import type { VerifyRequest } from '../wire/request.js';
import { parseCertificate } from '../x509/certificate.js';
import { parseCrl } from '../x509/crl.js';
import { createTask, type TaskStore, Uses } from './served-verify-task.js';
import type { Handlers, WarmUp } from './thread.js';
import { environmentOf, toProfile } from './verify-task.js';
import { warmUpCrl } from './warm-up-crl.js';
import type { CrlSource, CandidateCrl } from '../verify/crl-source.js';

/** A client may leave fields out. */
type WarmUpRequest = Partial<VerifyRequest>;

/** Rounds after which V8 has compiled nearly all code that it will compile. */
const ROUNDS = 400;
const CHAINS = Object.values(WARM_UP_PKI);
const HOST = `any.${WARM_UP_DOMAIN}`;
const SOURCE = 'the warm-up';
const NONE: readonly CandidateCrl[] = [];

/**
 * The warm-up of a task thread: the built-in chains are verified by the code that serves requests, with trust anchors,
 * CRLs, a profile and a cache of CAs of their own. These are replaced at intervals, since an unknown CA takes other
 * code than a known one. Only the store's epoch is read; nothing is written, fetched or kept.
 *
 * @param time ms that it may take
 */
export function createWarmUp(config: Config, store: TaskStore, time: number): WarmUp {
  const policy = AddressPolicy.of(config);
  const handlers = (): Handlers => {
    const uses = new Uses({ config, used: () => undefined });
    // Not the operator's: their files would be read each time.
    const sources = ConfiguredSources.read({ 'crl.sources': [] }, policy);
    return { verify: createTask({ config, store, environment: createEnvironment(config), uses }, sources) };
  };
  const tasks = warmUpRequests().map((request) => ({ name: 'verify', body: encode(request) }));
  return { handlers, tasks, rounds: ROUNDS, time };
}

/** Requests of several shapes; more of them with RSA, whose signatures take the least time to check. */
function warmUpRequests(): WarmUpRequest[] {
  const { rsa, ec } = WARM_UP_PKI;
  return [...shapesOf(rsa), ...shapesOf(rsa), ...shapesOf(ec).slice(0, 2)];
}

function shapesOf({ root, intermediate, leaves, crls }: WarmUpChain): WarmUpRequest[] {
  const certificates = (leaf: string): Uint8Array[] => [leaf, intermediate].map(bytesOf);
  const { full, plain } = leaves;
  return [
    { certificates: certificates(full), hosts: [HOST], purpose: 'serverAuth' },
    { certificates: certificates(plain), crls: [], hosts: [HOST] },
    { certificates: [...certificates(full), bytesOf(root)], crls: [bytesOf(crls.ofIntermediate)] },
  ];
}

function createEnvironment(config: Config): VerifyEnvironment {
  const anchors = new TrustStore(CHAINS.map(({ root }) => parseCertificate(bytesOf(root))));
  const profiles = new Map([[config['profile.default'], toProfile(profileOf(config), anchors)]]);
  const crls = joinSources([
    joinSources(CHAINS.map((chain) => storedCrl(chain))),
    joinSources(CHAINS.map((chain) => folderCrl(chain))),
  ]);
  return environmentOf(config, profiles, crls, Date.now);
}

/**
 * The rules of the default profile, with revocation checking, and without requirements that the built-in chains may not
 * meet.
 */
function profileOf(config: Config): ProfileConfig {
  return {
    base: config.profiles[config['profile.default']]?.base ?? 'rfc5280',
    revocation: 'hard',
    anchors: [],
    trustLeaf: false,
    purpose: null,
    crlMaxAge: null,
    maxIntermediates: null,
  };
}

function storedCrl({ intermediate, crls }: WarmUpChain): CrlSource {
  const crl = parseCrl(bytesOf(crls.ofIntermediate));
  return sourceOf({ crl: warmUpCrl(crl, parseCertificate(bytesOf(intermediate)).spki), source: SOURCE });
}

function folderCrl({ crls }: WarmUpChain): CrlSource {
  return sourceOf({ crl: parseCrl(bytesOf(crls.ofRoot)), source: SOURCE });
}

function sourceOf(candidate: CandidateCrl): CrlSource {
  const found = [candidate];
  return { find: (issuer) => (issuer.key === candidate.crl.issuer.key ? found : NONE) };
}

/** Each has memory of its own, like those of a request. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
