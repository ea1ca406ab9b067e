import { isInstant, LAST_INSTANT } from '../instant.js';
import type { RevocationMode } from '../revocation-mode.js';
import type { PolicyInputs, VerifyRequest } from '../wire/request.js';
import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { TAG } from '../x509/der.js';
import { parseCrl } from '../x509/crl.js';
import { type BasicOcspResponse, parseOcspResponse } from '../x509/ocsp.js';
import type { Budget } from './budget.js';
import type { CaMemory } from './keys/ca-memory.js';
import { failureOf, RequestError } from './failure.js';
import { NO_POLICY } from './path/path-state.js';
import { type PeerName, peerNames } from './names/peer-name.js';
import type { Profile } from './profiles.js';
import { purposeOid } from './purposes.js';
import type { OcspInputs } from './revocation/revocation-inputs.js';
import { TrustStore } from './trust-store.js';
import type { CandidateCrl } from './crl-source.js';

/** A request, understood: every default filled in, everything but the leaf parsed. */
export interface ParsedRequest {
  readonly profile: Profile;
  readonly anchors: TrustStore;
  readonly revocation: RevocationMode;
  readonly purpose: string | undefined;
  readonly names: readonly PeerName[];
  readonly policy: PolicyInputs;
  /** DER. */
  readonly leaf: Uint8Array;
  readonly others: readonly Certificate[];
  readonly crls: readonly CandidateCrl[];
  /** Why certificates (anchors too) and CRLs were set aside: they cannot make anything valid. */
  readonly brokenCertificates: readonly string[];
  readonly brokenCrls: readonly string[];
  /** `undefined` when the request has none. */
  readonly ocsp: OcspInputs | undefined;
  /** ms. */
  readonly now: number;
  /** The past instant asked for, ms in whole seconds. */
  readonly at: number | undefined;
  /** The instant to verify at, ms in whole seconds. */
  readonly time: number;
}

interface Surroundings {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly defaultProfile: string;
  readonly memory: CaMemory;
  now(): number;
}

const SECOND = 1000;
const NO_BYTES: readonly Uint8Array[] = [];
const NOTHING_READ = { read: [], broken: [] } as const;

/** Throws `RequestError`, and BUDGET_EXCEEDED for a request that is too large to be looked into. */
export function parseRequest(
  request: VerifyRequest,
  surroundings: Surroundings,
  budget: Budget,
): ParsedRequest {
  const { memory } = surroundings;
  const profile = profileOf(request, surroundings);
  const leaf = request.certificates[0];
  if (leaf === undefined) throw new RequestError('BAD_ARGUMENT', 'the request holds no certificate');
  const now = surroundings.now();
  const at = instantOf(request, now);
  const purpose = request.purpose ?? profile.purpose;
  budget.checkSize({
    certificates: octetsOf(request.certificates) + octetsOf(request.anchors ?? NO_BYTES),
    crls: octetsOf(request.crls),
    indirectCrls: request.crls.length === 0 ? 0 : octetsOf(request.crls.filter(isIndirect)),
    ocsp: octetsOf(request.ocsp ?? NO_BYTES),
  });
  const readOne = (der: Uint8Array): Certificate => memory.certificate(der) ?? parseCertificate(der);
  const certificates = readAll(request.certificates, readOne, 1);
  const anchors = readAll(request.anchors ?? NO_BYTES, readOne);
  const crls = readAll(request.crls, readCrl);
  return {
    profile,
    anchors: request.anchors === undefined ? profile.anchors : new TrustStore(anchors.read),
    revocation: request.revocation ?? profile.revocation,
    purpose: purpose === null ? undefined : purposeOid(purpose),
    names: peerNames(request),
    policy: request.policy ?? NO_POLICY,
    leaf,
    others: certificates.read,
    crls: crls.read,
    brokenCertificates:
      anchors.broken.length === 0 ? certificates.broken : certificates.broken.concat(anchors.broken),
    brokenCrls: crls.broken,
    ocsp: request.ocsp?.length ? readOcsp(request.ocsp) : undefined,
    now,
    at,
    time: Math.floor((at ?? now) / SECOND) * SECOND,
  };
}

function readCrl(der: Uint8Array): CandidateCrl {
  return { crl: parseCrl(der), source: 'request' };
}

function octetsOf(items: readonly Uint8Array[]): number {
  if (items.length === 0) return 0;
  let octets = 0;
  for (const { length } of items) octets += length;
  return octets;
}

const CERTIFICATE_ISSUER = Buffer.from([TAG.oid, 3, 0x55, 0x1d, 0x1d]);

/** Whether entries may name their certificates' issuers (§5.3.3); seen in no time, and never missed. */
function isIndirect(der: Uint8Array): boolean {
  return Buffer.from(der.buffer, der.byteOffset, der.length).includes(CERTIFICATE_ISSUER);
}

function profileOf(request: VerifyRequest, { profiles, defaultProfile }: Surroundings): Profile {
  const name = request.profile ?? defaultProfile;
  const profile = profiles.get(name);
  if (profile !== undefined) return profile;
  const known = [...profiles.keys()].join(', ');
  throw new RequestError('UNKNOWN_PROFILE', `there is no profile "${name}"; there are ${known}`);
}

function instantOf({ at }: VerifyRequest, now: number): number | undefined {
  if (at === undefined) return undefined;
  if (!isInstant(at) || at < 0) {
    const range = `it takes milliseconds since 1970, from 0 to ${LAST_INSTANT}`;
    throw new RequestError('BAD_ARGUMENT', `at=${at} is not an instant: ${range}`);
  }
  if (at > now) {
    throw new RequestError('BAD_ARGUMENT', `at=${new Date(at).toISOString()} is in the future`);
  }
  return Math.floor(at / SECOND) * SECOND;
}

function readOcsp(items: readonly Uint8Array[]): OcspInputs {
  const { read, broken } = readAll(items, parseOcspResponse);
  const responses: BasicOcspResponse[] = [];
  const refusals: string[] = [];
  for (const response of read) {
    if (response.status === 'successful') responses.push(response.basic);
    else refusals.push(response.status);
  }
  return { responses, broken, refusals };
}

function readAll<T>(
  items: readonly Uint8Array[],
  read: (der: Uint8Array) => T,
  from = 0,
): { readonly read: readonly T[]; readonly broken: readonly string[] } {
  if (items.length <= from) return NOTHING_READ;
  const good: T[] = [];
  const broken: string[] = [];
  for (let index = from; index < items.length; index++) {
    try {
      good.push(read(items[index]!));
    } catch (error) {
      broken.push(failureOf(error).message);
    }
  }
  return { read: good, broken };
}
