import type { Config, ProfileConfig, TlsConfig } from './config.js';

/**
 * The profiles by which listeners with `clientRevocation` verify their clients' certificates, by the listener's name.
 * Requests cannot name such a profile.
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

/** Whether the engine verifies the clients. A configuration of an earlier release lacks the field. */
export function checksClients(tls: TlsConfig | null): tls is TlsConfig {
  return tls !== null && (tls.clientRevocation === 'hard' || tls.clientRevocation === 'soft');
}
