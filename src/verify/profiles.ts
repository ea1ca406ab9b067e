import type { BaseProfile } from '../config/config.js';
import type { RevocationMode } from '../revocation-mode.js';
import type { TrustStore } from './trust-store.js';

/**
 * What a profile may add to RFC 5280 §6, each rule enforced where the step is that it belongs to:
 *
 * - `anchor-as-certificate`: the anchor's own validity, basicConstraints, keyUsage, EKU and critical extensions count
 * - `eku-nesting`: an EKU extension in a CA certificate bounds the purposes below it
 * - `eku-required`: with a purpose asked for, a leaf without EKU does not serve it, and anyExtendedKeyUsage is not enough
 * - `rsa-2048`: no RSA key of less than 2048 bits signs in the path
 * - `no-sha1`: no signature of the path is made with SHA-1
 * - `nc-form`: name constraints stand in CA certificates alone, and no dNSName in them has a leading period; without
 *   the rule such a dNSName is what CAs mean by it, every name at least one label longer
 * - `nc-critical`: name constraints are critical
 * - `no-rev-avail`: a certificate with noRevAvail may pass without a CRL, and must not point to any (RFC 9608)
 * - `ocsp-nocheck`: an OCSP responder with id-pkix-ocsp-nocheck may pass without a CRL (RFC 6960 §4.2.2.2.1)
 * - `short-lived`: so may a leaf of a few days (Baseline Requirements §1.6.1, §4.9.7)
 */
export type Rule =
  | 'anchor-as-certificate'
  | 'eku-nesting'
  | 'eku-required'
  | 'rsa-2048'
  | 'no-sha1'
  | 'nc-form'
  | 'nc-critical'
  | 'no-rev-avail'
  | 'ocsp-nocheck'
  | 'short-lived';

const WEBPKI: readonly Rule[] = [
  'anchor-as-certificate',
  'eku-nesting',
  'rsa-2048',
  'no-sha1',
  'no-rev-avail',
  'ocsp-nocheck',
  'short-lived',
];

/**
 * The base profiles, as far as their rules are built. Names are matched against the subjectAltName alone in all of
 * them. What §4 of RFC 5280 demands of CAs (`rfc5280-strict`), the public suffixes (`webpki`) and the Baseline
 * Requirements' duties (`webpki-strict`) are rules yet to come; the sets simply do not have them.
 */
export const BASE_RULES: Readonly<Record<BaseProfile, ReadonlySet<Rule>>> = {
  rfc5280: new Set<Rule>(['no-rev-avail']),
  'rfc5280-strict': new Set<Rule>(['anchor-as-certificate', 'nc-form', 'nc-critical', 'no-rev-avail']),
  webpki: new Set(WEBPKI),
  'webpki-strict': new Set<Rule>([...WEBPKI, 'eku-required', 'nc-form']),
};

/** A named set of rules with its trust anchors: what a request's `profile` chooses. */
export interface Profile {
  readonly rules: ReadonlySet<Rule>;
  readonly anchors: TrustStore;
  readonly revocation: RevocationMode;
  /** The purpose wanted when a request names none. */
  readonly purpose: string | null;
  /** How long a CRL without nextUpdate serves, in ms; `null`: not at all. */
  readonly crlMaxAge: number | null;
  /** The most certificates between leaf and anchor; `null`: no limit of the profile's. */
  readonly maxIntermediates: number | null;
}
