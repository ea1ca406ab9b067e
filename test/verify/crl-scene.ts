import type { RevocationMode } from '../../src/revocation-mode.js';
import type { Verdict } from '../../src/wire/verdict.js';
import { createCrl, type CrlOptions, type Issued, type Issuer } from '../pki/pki.js';
import { ask, createChain, HOUR, NOW, type Scene } from './scene.js';

export const { root, intermediate, leaf } = createChain();

export const hours = (count: number): Date => new Date(NOW + count * HOUR);

/** A CRL issued an hour ago and due in one, unless told otherwise. */
export function crl(issuer: Issuer, options: CrlOptions = {}): Buffer {
  return createCrl(issuer, { thisUpdate: hours(-1), nextUpdate: hours(1), ...options }).der;
}

interface Case {
  readonly stored: readonly Uint8Array[];
  /** Default: the scene's leaf. */
  readonly leaf?: Issued;
  /** Further certificates of the request, beside the intermediate. */
  readonly others?: readonly Issued[];
  readonly anchors?: readonly Issued[];
  readonly mode?: RevocationMode;
  readonly at?: number;
  readonly profile?: Scene['profile'];
}

/** The verdict on a leaf under the intermediate, with a good CRL of the root always at hand. */
export function judge(test: Case): Verdict {
  const { stored, others = [], anchors = [], mode = 'hard', at, profile } = test;
  const scene = {
    anchors: [root, ...anchors],
    stored: [crl(root), ...stored],
    ...(profile !== undefined && { profile }),
  };
  const request = { revocation: mode, ...(at !== undefined && { at }) };
  return ask(scene, [test.leaf ?? leaf, intermediate, ...others], request);
}

/** What came out: its code. */
export const codeOf = (test: Case): string => judge(test).code;
