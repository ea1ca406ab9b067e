import type { Address } from './address.js';
import type { ClientAuth, TlsConfig } from './config.js';
import { CLIENT_AUTH } from './config.js';
import { checkChoice, checkPath } from './option-value.js';
import type { Findings, Setting } from './problems.js';

/** Fields of an entry of `listeners` that TLS alone knows. */
export const TLS_FIELDS = {
  certificate: 'For `tls://`: the PEM file of the server certificate and its chain, leaf first.',
  key: 'For `tls://`: the PEM file of its private key; the primary alone reads it.',
  clientCa:
    'For `tls://`: a PEM file of CAs; clients have to show a certificate of theirs. Its chain and dates are checked at each full handshake, its revocation is not. A session is resumed only at the listener that made it, with the same CAs.',
  clientAuth:
    'For `tls://` with `clientCa`: `require` (the default) or `request`, which takes clients without one.',
} as const;

type Field = (name: keyof typeof TLS_FIELDS) => Setting | undefined;

/** `null` for a listener without TLS; undefined once a problem has been noted. */
export function checkTls(
  entry: Setting,
  address: Address,
  field: Field,
  findings: Findings,
): TlsConfig | null | undefined {
  if (address.kind !== 'tls') {
    for (const name of TLS_NAMES) {
      const setting = field(name);
      if (setting)
        findings.problem(setting.key, 'belongs to tls:// alone; write the address so, or leave it out');
    }
    return null;
  }
  const certificate = required('certificate', entry, field, findings);
  const key = required('key', entry, field, findings);
  const clientCa = field('clientCa') && checkPath(field('clientCa') ?? entry, findings);
  const clientAuth = checkClientAuth(field, findings);
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate, key, clientCa: clientCa ?? null, clientAuth };
}

const TLS_NAMES = [
  'certificate',
  'key',
  'clientCa',
  'clientAuth',
] as const satisfies readonly (keyof typeof TLS_FIELDS)[];

function required(
  name: 'certificate' | 'key',
  entry: Setting,
  field: Field,
  findings: Findings,
): string | undefined {
  const setting = field(name);
  if (setting) return checkPath(setting, findings);
  findings.problem(
    `${entry.key}.${name}`,
    `is missing; a tls:// listener needs a certificate and its key (from ${entry.origin})`,
  );
  return undefined;
}

function checkClientAuth(field: Field, findings: Findings): ClientAuth {
  const setting = field('clientAuth');
  if (!setting) return 'require';
  if (!field('clientCa'))
    findings.problem(setting.key, 'says nothing without clientCa; name the CAs of the clients');
  return checkChoice(CLIENT_AUTH, setting, findings) ?? 'require';
}
