import type { VerifyRequest } from '../wire/request.js';
import type { Verdict } from '../wire/verdict.js';
import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { withinWork, workExceeded } from '../x509/work.js';
import { Budget, MAX_WORK } from './budget.js';
import type { CaMemory } from './keys/ca-memory.js';
import type { CrlWants } from './revocation/missing-crls.js';
import { failureOf, passableFailure } from './failure.js';
import type { IssuerWants } from './missing-issuers.js';
import { judgedOf, judgedUnread, UNREADABLE } from './judged.js';
import { named } from './named.js';
import { issuerPool, searchPaths } from './path/path-builder.js';
import { checkPathRevocation } from './revocation/path-revocation.js';
import { validatePath } from './path/path-validator.js';
import { checkPeerNames } from './names/peer-name.js';
import { decidesOverPin, judgePinned } from './pinned-leaf.js';
import type { Profile } from './profiles.js';
import { type ParsedRequest, parseRequest } from './parsed-request.js';
import type { RevocationInputs, SigningInputs } from './revocation/revocation-inputs.js';
import { Results } from './results.js';
import { Signatures } from './keys/signatures.js';
import type { Trace } from './trace.js';
import type { TrustAnchor } from './trust-store.js';
import { failed, statusOf, toVerdict } from './verdict.js';
import type { CertificationPath } from './certification-path.js';
import type { ValidationInputs, ValidatedPath } from './path/path-state.js';
import type { CrlSource } from './crl-source.js';
import type { Outcome } from './outcome.js';

/** The environment of one thread's verifications; it outlives the requests. */
export interface VerifyEnvironment {
  readonly profiles: ReadonlyMap<string, Profile>;
  /** The profile of requests that name none. */
  readonly defaultProfile: string;
  readonly crls: CrlSource;
  /** ms past nextUpdate that a CRL serves in mode `grace`. */
  readonly crlGrace: number;
  readonly memory: CaMemory;
  /** ms since 1970. */
  now(): number;
}

/** Gathers what a request lacks. */
interface Gathered {
  readonly wants: CrlWants | undefined;
  readonly issuers: IssuerWants | undefined;
}

const NOTHING_GATHERED: Gathered = { wants: undefined, issuers: undefined };
const NOBODY: SigningInputs['inProgress'] = [];

/**
 * The verdict on a request. Throws `RequestError` when the request itself is not one that can be answered.
 *
 * What the caller owes:
 *
 * - The clock (`environment.now`) is right. A verdict holds for that instant, and until `validUntil` at most.
 * - The trust anchors and profiles are the operator's. What a client may bring of its own (anchors, CRLs, a profile, an
 *   instant) is checked against its permissions before.
 * - CRLs of `environment.crls` belong to the issuer that they are found under. Their signatures are checked here, but
 *   for those that the store has checked (`SignedCrl`).
 * - `indeterminate` is not `valid`. The caller refuses, or asks again once what is missing has been fetched.
 * - The caller limits the size of a request. Here its parts are charged to the budget, which ends a request that costs
 *   too much with BUDGET_EXCEEDED.
 *
 * @param wants gathers which CRLs are missing. It stays empty for a past instant, whose CRLs are no longer published,
 * and under anchors that came with the request, since those do not authorise downloads.
 * @param issuers gathers which issuers are missing, under the same conditions.
 */
export function verify(
  request: VerifyRequest,
  environment: VerifyEnvironment,
  trace?: Trace,
  wants?: CrlWants,
  issuers?: IssuerWants,
): Verdict {
  return withinWork(MAX_WORK, () => verifyWithin(request, environment, { trace, wants, issuers }));
}

function verifyWithin(
  request: VerifyRequest,
  environment: VerifyEnvironment,
  { trace, wants, issuers }: Gathered & { readonly trace: Trace | undefined },
): Verdict {
  const budget = new Budget();
  let question: ParsedRequest;
  try {
    question = parseRequest(request, environment, budget);
  } catch (error) {
    return toVerdict(failed(failureOf(error)), judgedUnread(request.certificates[0]), environment.now());
  }
  let leaf: Certificate;
  try {
    leaf = parseCertificate(question.leaf);
  } catch (error) {
    return toVerdict(failed(failureOf(error)), UNREADABLE, question.now);
  }
  const mayFetch = question.at === undefined && request.anchors === undefined;
  const gathered = mayFetch ? { wants, issuers } : NOTHING_GATHERED;
  const outcome = answer(leaf, question, environment, budget, trace, gathered);
  // Content that exceeded the budget may have been skipped as if it were broken.
  const exceeded = workExceeded();
  const sound = exceeded === undefined ? outcome : failed(failureOf(exceeded));
  return toVerdict(sound, judgedOf(leaf, question.names), question.now);
}

function answer(
  leaf: Certificate,
  question: ParsedRequest,
  environment: VerifyEnvironment,
  budget: Budget,
  trace: Trace | undefined,
  { wants, issuers }: Gathered,
): Outcome {
  const results = new Results();
  try {
    const isAnchor = question.anchors.has(leaf);
    if (isAnchor && !question.profile.trustLeaf) return leafIsAnchor(leaf);
    const { time, anchors } = question;
    const signatures = new Signatures(environment.memory, budget, leaf);
    const inputs = validationInputs(question, signatures, budget, trace);
    const pool = issuerPool(leaf, question.others, anchors);
    // A pinned certificate needs no issuer: none is fetched for it.
    const missing = isAnchor ? undefined : issuers;
    const search = {
      leaf,
      pool,
      anchors,
      time,
      signatures,
      budget,
      deadEnds: results,
      trace,
      issuers: missing,
    };
    const context = { question, environment, pool, inputs, wants };
    searchPaths(search, (path) => {
      issuers?.settle();
      if (isAnchor && path.anchor.certificate.fingerprint === leaf.fingerprint) return 'go on';
      const { outcome, isFinal } = judge(path, context);
      trace?.judged(path, outcome);
      wants?.endPath({ settles: isFinal, isInvalid: statusOf(outcome.code) === 'invalid' });
      if (isFinal) results.settle(outcome);
      else results.add(outcome);
      return isFinal ? 'stop' : 'go on';
    });
    const found = results.best(() => noPath(leaf, question, issuers));
    if (!isAnchor || decidesOverPin(found)) return found;
    const anchor = { subject: leaf.subject, certificate: leaf };
    return judgePinned(anchor, question.names, inputs, revocationInputs(context, anchor, undefined));
  } catch (error) {
    issuers?.settle();
    const failure = failed(failureOf(error));
    results.add(failure);
    return results.best(() => failure);
  }
}

function validationInputs(
  { time, profile, purpose, policy }: ParsedRequest,
  signatures: Signatures,
  budget: Budget,
  trace: Trace | undefined,
): ValidationInputs {
  return { time, profile, purpose, policy, signatures, budget, trace };
}

/** The inputs for every path of a request. */
interface Context {
  readonly question: ParsedRequest;
  readonly environment: VerifyEnvironment;
  readonly pool: SigningInputs['pool'];
  readonly inputs: ValidationInputs;
  readonly wants: CrlWants | undefined;
}

interface Judgement {
  readonly outcome: Outcome;
  /** No other path changes it. */
  readonly isFinal: boolean;
}

/** Judges one path: §6.1, the requested names, and revocation last. Throws BUDGET_EXCEEDED. */
function judge(path: CertificationPath, context: Context): Judgement {
  const fingerprints = fingerprintsOf(path);
  try {
    const validated = validatePath(path, context.inputs);
    const { names, profile } = context.question;
    checkPeerNames(path.certificates, names, profile.rules, context.inputs.budget);
    rememberCaCertificates(path, context.environment.memory);
    return judgeRevocation(validated, fingerprints, context);
  } catch (error) {
    const failure = passableFailure(error);
    // The leaf's names are the same on every path.
    return { outcome: failed(failure, fingerprints), isFinal: failure.code === 'PEER_NAME' };
  }
}

function fingerprintsOf({ certificates, anchor }: CertificationPath): readonly string[] {
  const fingerprints: string[] = [];
  for (let index = 0; index < certificates.length; index++)
    fingerprints.push(certificates[index]!.fingerprint);
  fingerprints.push(anchor.certificate.fingerprint);
  return fingerprints;
}

/** §6.3.1, for a path under this anchor. */
function revocationInputs(
  { question, environment, pool, inputs }: Context,
  anchor: TrustAnchor,
  wants: CrlWants | undefined,
): RevocationInputs {
  return {
    mode: question.revocation,
    now: question.now,
    at: question.at,
    grace: question.revocation === 'grace' ? environment.crlGrace : 0,
    maxAge: question.profile.crlMaxAge,
    stored: environment.crls,
    given: question.crls,
    broken: question.brokenCrls,
    ocsp: question.ocsp,
    signatures: inputs.signatures,
    signing: { anchor, pool, validation: inputs, inProgress: NOBODY, standing: checkPathRevocation },
    wants,
  };
}

function judgeRevocation(validated: ValidatedPath, path: readonly string[], context: Context): Judgement {
  const { question, wants } = context;
  const revocation = revocationInputs(context, validated.path.anchor, wants);
  const { evidence, failure, forgiven, isFinal, until } = checkPathRevocation(validated, revocation);
  const { policies } = validated;
  if (failure !== undefined) {
    return { outcome: { ...failed(failure, path), revocation: evidence, policies }, isFinal };
  }
  const pardon = forgiven[0];
  const outcome: Outcome = {
    code: pardon === undefined ? 'OK' : 'OK_SOFT',
    message: 'the path holds',
    path,
    revocation: evidence,
    policies,
    validUntil: Math.min(until, endOf(validated.path, question.profile)),
  };
  if (pardon === undefined) return { outcome, isFinal: true };
  return { outcome: { ...outcome, forgiven: pardon.message }, isFinal: false };
}

/** ms: the first certificate of the path to expire; an anchor that is but name and key never does. */
function endOf({ certificates, anchor }: CertificationPath, { rules }: Profile): number {
  let end = rules.has('anchor-as-certificate') ? anchor.certificate.notAfter : Infinity;
  for (const { notAfter } of certificates) end = Math.min(end, notAfter);
  return end;
}

/** They stand under a trust anchor: worth keeping for the next request. Never the leaf. */
function rememberCaCertificates({ certificates, anchor }: CertificationPath, memory: CaMemory): void {
  for (let index = 1; index < certificates.length; index++) {
    const authority = certificates[index];
    if (authority !== undefined) memory.rememberCertificate(authority);
  }
  memory.rememberCertificate(anchor.certificate);
}

function leafIsAnchor(leaf: Certificate): Outcome {
  const advice =
    'send the certificate that it issued first, or, where this very one is the peer’s and pinned, set trust.leaf: true in the profile';
  const message = `${named(leaf)} is itself a trust anchor, so there is no path to validate: ${advice}`;
  return failed({ code: 'LEAF_IS_ANCHOR', message }, [leaf.fingerprint]);
}

function noPath(
  leaf: Certificate,
  { brokenCertificates }: ParsedRequest,
  issuers: IssuerWants | undefined,
): Outcome {
  const [broken] = brokenCertificates;
  const aside =
    broken === undefined
      ? ''
      : `; ${brokenCertificates.length} certificates were set aside, the first: ${broken}`;
  const message = `no path leads from ${named(leaf)} to a trust anchor${aside}${issuers?.aside() ?? ''}`;
  return failed({ code: 'NO_PATH', message });
}
