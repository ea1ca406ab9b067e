import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { contextConstructed, DerReader, TAG } from './der.js';
import { readExtensions } from './extension-list.js';
import type { Extension } from './extensions.js';
import { type Name, readName } from './name.js';
import { readSingleResponse, type SingleResponse } from './ocsp-single-response.js';
import { OID } from './oid.js';
import { readGeneralizedTime } from './time.js';
import { malformed } from './x509-error.js';

export type { CertId, SingleResponse } from './ocsp-single-response.js';

/** RFC 6960 §4.2.1 OCSPResponseStatus, by number; 4 is not used. */
const STATUSES = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
] as const;

type ErrorStatus = Exclude<(typeof STATUSES)[number], 'successful' | undefined>;

/** An OCSP response (RFC 6960 §4.2.1): an answer, or an error status, which is not signed. */
export type OcspResponse =
  { readonly status: 'successful'; readonly basic: BasicOcspResponse } | { readonly status: ErrorStatus };

/** A BasicOCSPResponse (RFC 6960 §4.2.1) as views into its bytes. */
export interface BasicOcspResponse {
  /** The whole ResponseData TLV: what is signed. */
  readonly tbs: Uint8Array;
  readonly responder: ResponderId;
  /** ms: when the response was signed. */
  readonly producedAt: number;
  readonly responses: readonly SingleResponse[];
  readonly extensions: readonly Extension[];
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** DER; nothing of them is checked here. They are not signed. */
  readonly certificates: readonly Uint8Array[];
}

/** The signer: its subject, or the SHA-1 of its public key (the octets of the BIT STRING). */
export type ResponderId =
  { readonly kind: 'name'; readonly name: Name } | { readonly kind: 'key'; readonly hash: Uint8Array };

/** The most single responses; responders answer for one certificate, or a few. */
const MAX_RESPONSES = 64;
const MAX_CERTIFICATES = 32;

/** Reads an OCSPResponse in DER, all of it but the certificates; throws `X509Error`. */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  const r = new DerReader(der);
  const outer = r.enter(TAG.sequence, 'OCSPResponse');
  const status = STATUSES[r.unsigned('responseStatus', TAG.enumerated)];
  if (status === undefined) throw malformed('responseStatus is not one of RFC 6960');
  const basic = r.done ? undefined : readResponseBytes(r);
  r.leave(outer, 'OCSPResponse');
  r.finish('OCSPResponse');
  if (status === 'successful') {
    if (basic === undefined) throw malformed('responseBytes are missing');
    return { status, basic: readBasicResponse(basic) };
  }
  if (basic !== undefined) throw malformed(`responseBytes stand beside the status ${status}`);
  return { status };
}

/** The content of the OCTET STRING. */
function readResponseBytes(r: DerReader): DerReader {
  const what = 'responseBytes';
  const outer = r.enter(contextConstructed(0), what);
  const outerBytes = r.enter(TAG.sequence, what);
  const type = r.oid('responseType');
  if (type !== OID.ocspBasic) throw malformed(`responseType is ${type}, not id-pkix-ocsp-basic`);
  r.expect(TAG.octetString, what);
  const inner = new DerReader(r.bytes, r.from, r.to);
  r.leave(outerBytes, what);
  r.leave(outer, what);
  return inner;
}

function readBasicResponse(r: DerReader): BasicOcspResponse {
  const what = 'BasicOCSPResponse';
  const outer = r.enter(TAG.sequence, what);
  const at = r.pos;
  const data = readResponseData(r);
  const tbs = r.bytes.subarray(at, r.pos);
  const signatureAlgorithm = readAlgorithm(r, 'signatureAlgorithm');
  r.octetsAsBits('signature');
  const signature = r.content();
  const certificates = readCertificates(r);
  r.leave(outer, what);
  r.finish(what);
  return { ...data, tbs, signatureAlgorithm, signature, certificates };
}

type ResponseData = Pick<BasicOcspResponse, 'responder' | 'producedAt' | 'responses' | 'extensions'>;

/** Version 1, the only one, is the DEFAULT and must not be written out: `[0]` stands for no responder. */
function readResponseData(r: DerReader): ResponseData {
  const outer = r.enter(TAG.sequence, 'tbsResponseData');
  const responder = readResponderId(r);
  const producedAt = readGeneralizedTime(r, 'producedAt');
  const responses: SingleResponse[] = [];
  const outerResponses = r.enterNonEmpty(TAG.sequence, 'responses');
  while (!r.done) {
    if (responses.push(readSingleResponse(r)) > MAX_RESPONSES)
      throw malformed(`responses are more than ${MAX_RESPONSES}`);
  }
  r.leave(outerResponses, 'responses');
  const extensions = readExtensionsAt(r, 'responseExtensions');
  r.leave(outer, 'tbsResponseData');
  return { responder, producedAt, responses, extensions };
}

function readResponderId(r: DerReader): ResponderId {
  const what = 'responderID';
  if (r.peek() === contextConstructed(1)) {
    const outer = r.enter(contextConstructed(1), what);
    const name = readName(r, what);
    r.leave(outer, what);
    return { kind: 'name', name };
  }
  const outer = r.enter(contextConstructed(2), what);
  r.expect(TAG.octetString, what);
  const hash = r.content();
  r.leave(outer, what);
  return { kind: 'key', hash };
}

function readExtensionsAt(r: DerReader, what: string): readonly Extension[] {
  if (r.done) return [];
  const outer = r.enter(contextConstructed(1), what);
  const { all } = readExtensions(r, what);
  r.leave(outer, what);
  return all;
}

function readCertificates(r: DerReader): readonly Uint8Array[] {
  const certificates: Uint8Array[] = [];
  if (r.done) return certificates;
  const outer = r.enter(contextConstructed(0), 'certs');
  const outerList = r.enter(TAG.sequence, 'certs');
  while (!r.done) {
    r.expect(TAG.sequence, 'certs');
    if (certificates.push(r.element()) > MAX_CERTIFICATES)
      throw malformed(`certs are more than ${MAX_CERTIFICATES}`);
  }
  r.leave(outerList, 'certs');
  r.leave(outer, 'certs');
  return certificates;
}
