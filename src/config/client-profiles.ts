import type { Config, ProfileConfig, TlsConfig } from './config.js';

/**
 * By the names of listeners with `clientRevocation`: how the certificates of their clients are verified. No request can
 * name such a profile.
 */
export function clientProfiles({ listeners }: Pick<Config, 'listeners'>): Record<string, ProfileConfig> {
  const profiles: Record<string, ProfileConfig> = {};
  for (const { name, tls } of listeners) {
    if (!checksClients(tls) || tls.clientCa === null) continue;
    profiles[name] = {
      base: 'rfc5280',
      revocation: tls.clientRevocation,
      anchors: [tls.clientCa],
      trustLeaf: false,
      purpose: 'clientAuth',
      crlMaxAge: null,
      maxIntermediates: null,
    };
  }
  return profiles;
}

/** Is the engine asked about the clients? A configuration of an earlier release does not say. */
export function checksClients(tls: TlsConfig | null): tls is TlsConfig {
  return tls !== null && (tls.clientRevocation === 'hard' || tls.clientRevocation === 'soft');
}
