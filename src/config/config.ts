import type { RevocationMode } from '../revocation-mode.js';
import type { Address } from './address.js';
import type { CrlSourceConfig } from './crl-sources.js';
import type { OptionValues } from './option-table.js';

/** The permissions that a listener may give; `profiles` and `crls` by default. */
export const PERMISSIONS = ['profiles', 'crls', 'at', 'anchors', 'revocation', 'status'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const PROTOCOLS = ['line', 'msgpack', 'crl-proxy'] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];

export interface ListenerConfig {
  /** Unique; the address when the configuration gives none. */
  readonly name: string;
  readonly address: Address;
  readonly protocol: ProtocolName;
  readonly permits: readonly Permission[];
  /** The UNIX socket's mode, e.g. 0o660. */
  readonly mode: number;
  /** The UNIX socket's group, by name or number; empty: the primary's own. */
  readonly group: string;
  /** Connections the kernel holds before they are accepted. */
  readonly backlog: number;
  /** `null` without TLS. */
  readonly tls: TlsConfig | null;
}

export const CLIENT_AUTH = ['require', 'request'] as const;
export type ClientAuth = (typeof CLIENT_AUTH)[number];

export const CLIENT_REVOCATION = ['hard', 'soft', 'off'] as const;
export type ClientRevocation = (typeof CLIENT_REVOCATION)[number];

/** Paths of PEM files, and the requirements for clients. */
export interface TlsConfig {
  readonly certificate: string;
  readonly key: string;
  /** `null`: clients are not asked for certificates. */
  readonly clientCa: string | null;
  readonly clientAuth: ClientAuth;
  /** The revocation mode for client certificates; `off`: the engine does not verify them. */
  readonly clientRevocation: ClientRevocation;
}

export const BASE_PROFILES = ['rfc5280', 'rfc5280-strict', 'webpki', 'webpki-strict'] as const;
export type BaseProfile = (typeof BASE_PROFILES)[number];

/** A named set of rules. The four base profiles exist without configuration; more are made from them. */
export interface ProfileConfig {
  readonly base: BaseProfile;
  readonly revocation: RevocationMode;
  /** As in `trust.anchors`. */
  readonly anchors: readonly string[];
  /** A certificate in question that is itself a trust anchor may be valid. */
  readonly trustLeaf: boolean;
  /** The key purpose for requests without one. */
  readonly purpose: string | null;
  /** ms after its thisUpdate for which a CRL without nextUpdate is used; `null`: not at all. */
  readonly crlMaxAge: number | null;
  /** The most intermediates of a path, not counting self-issued ones; `null`: the profile sets no limit. */
  readonly maxIntermediates: number | null;
}

/** The control socket's name within `run.directory`. */
export const CONTROL_SOCKET = 'control.sock';

/** Keys of the file with structured values, besides the options of the table. */
export const STRUCTURES: ReadonlySet<string> = new Set(['listeners', 'profiles', 'crl.sources']);

/** The whole configuration, checked and frozen. Paths are absolute. It is sent to workers and threads unchanged. */
export interface Config extends OptionValues {
  readonly listeners: readonly ListenerConfig[];
  readonly 'crl.sources': readonly CrlSourceConfig[];
  readonly profiles: Readonly<Record<string, ProfileConfig>>;
}
