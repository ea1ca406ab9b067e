import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { readReason } from './crl-entry.js';
import { reasonOf, type RevocationReason } from './revocation-reason.js';
import { contextConstructed, contextPrimitive, type DerReader, TAG } from './der.js';
import { readExtensions } from './extension-list.js';
import type { Extension } from './extensions.js';
import { readGeneralizedTime } from './time.js';
import { spendWork, WORK } from './work.js';

/** The status of one certificate in a response (RFC 6960 §4.2.1). */
export interface SingleResponse {
  readonly certId: CertId;
  readonly certStatus: CertStatus;
  /** ms */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly extensions: readonly Extension[];
}

/** RFC 6960 §4.1.1: a certificate by its issuer's name and key and its serial (content octets). */
export interface CertId {
  readonly hashAlgorithm: AlgorithmIdentifier;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: Uint8Array;
}

type CertStatus =
  | { readonly kind: 'good' | 'unknown' }
  | {
      readonly kind: 'revoked';
      /** revocationTime, ms */
      readonly date: number;
      readonly reason: RevocationReason | undefined;
    };

export function readSingleResponse(r: DerReader): SingleResponse {
  spendWork(WORK.singleResponse);
  const what = 'SingleResponse';
  const outer = r.enter(TAG.sequence, what);
  const certId = readCertId(r);
  const certStatus = readCertStatus(r);
  const thisUpdate = readGeneralizedTime(r, 'thisUpdate');
  let nextUpdate: number | null = null;
  if (r.peek() === contextConstructed(0)) {
    const outerTime = r.enter(contextConstructed(0), 'nextUpdate');
    nextUpdate = readGeneralizedTime(r, 'nextUpdate');
    r.leave(outerTime, 'nextUpdate');
  }
  let extensions: readonly Extension[] = [];
  if (!r.done) {
    const outerExtensions = r.enter(contextConstructed(1), 'singleExtensions');
    extensions = readExtensions(r, 'singleExtensions').all;
    r.leave(outerExtensions, 'singleExtensions');
  }
  r.leave(outer, what);
  return { certId, certStatus, thisUpdate, nextUpdate, extensions };
}

function readCertId(r: DerReader): CertId {
  const outer = r.enter(TAG.sequence, 'certID');
  const hashAlgorithm = readAlgorithm(r, 'hashAlgorithm');
  r.expect(TAG.octetString, 'issuerNameHash');
  const issuerNameHash = r.content();
  r.expect(TAG.octetString, 'issuerKeyHash');
  const issuerKeyHash = r.content();
  r.integer('serialNumber');
  const serial = r.content();
  r.leave(outer, 'certID');
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serial };
}

function readCertStatus(r: DerReader): CertStatus {
  const what = 'certStatus';
  if (r.peek() === contextConstructed(1)) return readRevokedInfo(r);
  if (r.peek() === contextPrimitive(2)) {
    r.null(what, contextPrimitive(2));
    return { kind: 'unknown' };
  }
  r.null(what, contextPrimitive(0));
  return { kind: 'good' };
}

function readRevokedInfo(r: DerReader): CertStatus {
  const outer = r.enter(contextConstructed(1), 'certStatus');
  const date = readGeneralizedTime(r, 'revocationTime');
  let reason: RevocationReason | undefined;
  if (!r.done) {
    const outerReason = r.enter(contextConstructed(0), 'revocationReason');
    reason = reasonOf(readReason(r, 'revocationReason'));
    r.leave(outerReason, 'revocationReason');
  }
  r.leave(outer, 'certStatus');
  return { kind: 'revoked', date, reason };
}
