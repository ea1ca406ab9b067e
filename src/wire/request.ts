import type { RevocationMode } from '../revocation-mode.js';
import type { Verdict } from './verdict.js';

/** A request to the engine, the same for every protocol. It travels to the task thread as msgpack. */
export interface VerifyRequest {
  /** DER. The leaf first, then further certificates of its chain, in any order. */
  readonly certificates: readonly Uint8Array[];
  /** DER, in any order. */
  readonly crls: readonly Uint8Array[];
  /** DER OCSPResponses (RFC 6960), as a TLS server staples them: further evidence, in any order. */
  readonly ocsp?: readonly Uint8Array[];
  /** DER. Used instead of the profile's own trust anchors; only if the listener permits it. */
  readonly anchors?: readonly Uint8Array[];
  /** The name of a configured profile; the configuration's default when absent. */
  readonly profile?: string;
  /** A key purpose (§4.2.1.12) by its name in the RFC, or a dotted OID. */
  readonly purpose?: string;
  /** Reference identities (RFC 9525): the leaf must match every one given. */
  readonly hosts?: readonly string[];
  readonly ips?: readonly string[];
  readonly emails?: readonly string[];
  /** A past instant to verify at, in milliseconds since the epoch, whole seconds. */
  readonly at?: number;
  /** Used instead of the profile's own mode; only if the listener permits it. */
  readonly revocation?: RevocationMode;
  readonly policy?: PolicyInputs;
}

/** The policy inputs of §6.1.1; the defaults are anyPolicy and `false`. */
export interface PolicyInputs {
  /** (c) user-initial-policy-set, as dotted OIDs. */
  readonly initial?: readonly string[];
  /** (e) initial-policy-mapping-inhibit */
  readonly inhibitMapping?: boolean;
  /** (f) initial-explicit-policy */
  readonly explicit?: boolean;
  /** (g) initial-any-policy-inhibit */
  readonly inhibitAny?: boolean;
}

/** The result of the task thread: a verdict, or why the request itself is invalid. */
export type VerifyResponse =
  { readonly verdict: Verdict } | { readonly refused: { readonly code: string; readonly message: string } };
