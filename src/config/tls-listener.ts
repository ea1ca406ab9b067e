import type { Address } from './address.js';
import { CLIENT_AUTH, CLIENT_REVOCATION, type TlsConfig } from './config.js';
import { checkChoice, checkPath } from './option-value.js';
import type { Findings, Setting } from './problems.js';

/** Fields of an entry of `listeners` that only TLS has. */
export const TLS_FIELDS = {
  certificate: 'For `tls://`: the PEM file of the server certificate and its chain, leaf first.',
  key: 'For `tls://`: the PEM file of its private key; the primary alone reads it.',
  clientCa:
    'For `tls://`: a PEM file of CAs; clients have to show a certificate of theirs. OpenSSL checks chain and dates at each full handshake; revocation is for `clientRevocation`. A session is resumed only at the listener that made it, with the same CAs.',
  clientAuth:
    'For `tls://` with `clientCa`: `require` (the default) or `request`, which takes clients without one.',
  clientRevocation:
    'For `tls://` with `clientCa`: `hard` or `soft` has the engine verify each client certificate at each connection as `rfc5280` does: path to a certificate of `clientCa`, which the workers read too, purpose `clientAuth`, and revocation, for which CRLs are fetched as for requests. What is not `valid` is cut off before anything of it is read. Such a listener resumes no sessions. Default: `off`.',
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
  const clientAuth = checkOfClients('clientAuth', CLIENT_AUTH, 'require', field, findings);
  const clientRevocation = checkOfClients('clientRevocation', CLIENT_REVOCATION, 'off', field, findings);
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate, key, clientCa: clientCa ?? null, clientAuth, clientRevocation };
}

const TLS_NAMES = [
  'certificate',
  'key',
  'clientCa',
  'clientAuth',
  'clientRevocation',
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

/** The requirements for clients, which need `clientCa`. */
function checkOfClients<T extends string>(
  name: 'clientAuth' | 'clientRevocation',
  choices: readonly T[],
  otherwise: T,
  field: Field,
  findings: Findings,
): T {
  const setting = field(name);
  if (!setting) return otherwise;
  if (!field('clientCa'))
    findings.problem(setting.key, 'says nothing without clientCa; name the CAs of the clients');
  return checkChoice(choices, setting, findings) ?? otherwise;
}
