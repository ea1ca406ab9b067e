import type { RevocationMode } from '../../src/revocation-mode.js';
import type { Verdict } from '../../src/wire/verdict.js';
import { type OcspOptions, ocspResponse, type SingleOptions, singleResponse } from '../pki/ocsp.js';
import type { Issued, Issuer } from '../pki/pki.js';
import { crl, hours, intermediate, leaf, root } from './crl-scene.js';
import { ask, type Scene } from './scene.js';

const TIMES = { thisUpdate: hours(-1), nextUpdate: hours(1) };

/** A SingleResponse on a certificate, of an hour ago and for one more. */
export const single = (options: SingleOptions = {}, subject: Issued = leaf, issuer: Issuer = intermediate) =>
  singleResponse(subject, issuer, { ...TIMES, ...options });

/** A response of the intermediate on the leaf, good and current unless told otherwise. */
export function response(about: SingleOptions = {}, options: OcspOptions = {}): Buffer {
  return respond([single(about)], options);
}

/** The same with SingleResponses made beforehand. */
export function respond(
  singles: readonly Uint8Array[],
  options: OcspOptions = {},
  issuer: Issuer = intermediate,
): Buffer {
  return ocspResponse(issuer, singles, { producedAt: hours(-1), ...options }).der;
}

interface Case {
  readonly ocsp: readonly Uint8Array[];
  /** CRLs beside the root's. */
  readonly stored?: readonly Uint8Array[];
  /** Default: the scene's leaf. */
  readonly leaf?: Issued;
  readonly others?: readonly Issued[];
  readonly mode?: RevocationMode;
  readonly at?: number;
  readonly base?: NonNullable<Scene['base']>;
  readonly profile?: NonNullable<Scene['profile']>;
  readonly crlGrace?: number;
}

/** The verdict on a leaf under the intermediate, of which there is a good CRL of the root. */
export function judge(test: Case): Verdict {
  const { stored = [], others = [], mode = 'hard', at, ocsp, base, profile, crlGrace } = test;
  const scene = {
    anchors: [root],
    stored: [crl(root), ...stored],
    ...(base !== undefined && { base }),
    ...(profile !== undefined && { profile }),
    ...(crlGrace !== undefined && { crlGrace }),
  };
  const request = { revocation: mode, ocsp, ...(at !== undefined && { at }) };
  return ask(scene, [test.leaf ?? leaf, intermediate, ...others], request);
}

/** What came out: its code. */
export const codeOf = (test: Case): string => judge(test).code;

/** The code for one response alone. */
export const codeWith = (...ocsp: readonly Uint8Array[]): string => codeOf({ ocsp });
