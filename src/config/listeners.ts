import { resolve } from 'node:path';
import { messageOf } from '../errors.js';
import { formatAddress, parseAddress, type Address } from './address.js';
import { PERMISSIONS, PROTOCOLS, type ListenerConfig, type Permission } from './config.js';
import { checkChoice, checkList, checkName, checkText, isMap } from './option-value.js';
import type { Findings, Setting } from './problems.js';
import { didYouMean } from './suggestion.js';
import { checkTls, TLS_FIELDS } from './tls-listener.js';

/** The fields of an entry of `listeners`, for its check and for the reference. */
export const LISTENER_FIELDS = {
  address: '`unix:/path`, `tcp://host:port` or `tls://host:port`; the one field that must be given.',
  name: 'A unique name for logs and `pkixd status`; the address when absent.',
  protocol: 'The protocol spoken: `line`, the default, `msgpack` or `crl-proxy`.',
  permits: `What its clients may ask for: any of ${PERMISSIONS.join(', ')}. The default is \`profiles\` and \`crls\`; a listener with protocol crl-proxy has none.`,
  mode: "The UNIX socket's mode as an octal text in quotes; the default is `'0660'`.",
  group: "The UNIX socket's group, by name or number; the primary's own when absent.",
  backlog: 'Connections that the kernel holds before they are accepted, 1 to 65535; the default is 4096.',
  ...TLS_FIELDS,
} as const;

/** The default listeners, reachable from this machine only. */
export const DEFAULT_LISTENERS = [
  { address: 'unix:run/pkixd.sock', protocol: 'line' },
  { address: 'tcp://127.0.0.1:15280', protocol: 'line' },
  { address: 'unix:run/pkixd-msgpack.sock', protocol: 'msgpack' },
] as const;
const DEFAULT_PERMITS: readonly Permission[] = ['profiles', 'crls'];
const DEFAULT_MODE = 0o660;
const DEFAULT_BACKLOG = 4096;
const MAX_BACKLOG = 65_535;

/** A list of entries and addresses, or addresses with commas: each is checked, and the whole for clashes. */
export function checkListeners(setting: Setting, findings: Findings): readonly ListenerConfig[] {
  const listeners = entriesOf(setting, findings).flatMap((value, index) => {
    return checkListener({ ...setting, key: `listeners[${index}]`, value }, findings) ?? [];
  });
  rejectTwins(listeners, findings);
  return listeners;
}

function entriesOf(setting: Setting, findings: Findings): readonly unknown[] {
  const { value } = setting;
  if (typeof value === 'string') return checkList(setting, findings) ?? [];
  if (Array.isArray(value) && value.length > 0) return value;
  findings.reject(setting, 'is not a list with at least one listener');
  return [];
}

function checkListener(entry: Setting, findings: Findings): ListenerConfig | undefined {
  const fields = isMap(entry.value) ? entry.value : { address: entry.value };
  const field = (name: keyof typeof LISTENER_FIELDS): Setting | undefined =>
    fields[name] === undefined ? undefined : { ...entry, key: `${entry.key}.${name}`, value: fields[name] };
  for (const name of Object.keys(fields)) {
    if (Object.hasOwn(LISTENER_FIELDS, name)) continue;
    const hint = didYouMean(name, Object.keys(LISTENER_FIELDS));
    findings.problem(`${entry.key}.${name}`, `a listener has no such field${hint} (from ${entry.origin})`);
  }
  const address = checkAddress(field('address') ?? { ...entry, value: undefined }, findings);
  const name = optional(field('name'), (s) => checkText(s, findings));
  const protocol = optional(field('protocol'), (s) => checkChoice(PROTOCOLS, s, findings));
  const permits = optional(field('permits'), (s) => checkPermits(s, findings));
  const isCrlProxy = protocol === 'crl-proxy';
  if (isCrlProxy && permits !== undefined && permits.length > 0)
    findings.problem(
      `${entry.key}.permits`,
      `a listener with protocol crl-proxy has nothing to permit; leave it out (from ${entry.origin})`,
    );
  const mode = optional(field('mode'), (s) => checkMode(s, findings));
  const group = optional(field('group'), (s) => checkName(s, findings));
  const backlog = optional(field('backlog'), (s) => checkBacklog(s, findings));
  const tls = address && checkTls(entry, address, field, findings);
  if (!address || tls === undefined) return undefined;
  return {
    name: name ?? formatAddress(address),
    address,
    protocol: protocol ?? 'line',
    permits: permits ?? (isCrlProxy ? [] : DEFAULT_PERMITS),
    mode: mode ?? DEFAULT_MODE,
    group: group ?? '',
    backlog: backlog ?? DEFAULT_BACKLOG,
    tls,
  };
}

function optional<T>(setting: Setting | undefined, check: (setting: Setting) => T): T | undefined {
  return setting === undefined ? undefined : check(setting);
}

function checkAddress(setting: Setting, findings: Findings): Address | undefined {
  const { value, folder } = setting;
  if (typeof value !== 'string') {
    findings.problem(
      setting.key,
      `has no address; write unix:/path, tcp://host:port or tls://host:port (from ${setting.origin})`,
    );
    return undefined;
  }
  try {
    const isPath = value.startsWith('unix:') && value !== 'unix:';
    return parseAddress(isPath ? `unix:${resolve(folder, value.slice('unix:'.length))}` : value);
  } catch (error) {
    findings.problem(setting.key, `${messageOf(error)} (from ${setting.origin})`);
    return undefined;
  }
}

/** An empty list is allowed: such a listener answers plain requests only. */
function checkPermits(setting: Setting, findings: Findings): readonly Permission[] | undefined {
  if (Array.isArray(setting.value) && setting.value.length === 0) return [];
  const words = checkList(setting, findings);
  return words?.flatMap((word) => checkChoice(PERMISSIONS, { ...setting, value: word }, findings) ?? []);
}

/** YAML reads a bare 0660 as the decimal 660, so only a text is taken. */
function checkMode(setting: Setting, findings: Findings): number | undefined {
  const { value } = setting;
  if (typeof value === 'string' && /^0?[0-7]{3}$/.test(value)) return Number.parseInt(value, 8);
  findings.reject(setting, "is not a file mode; write three octal digits as a text in quotes, like '0660'");
  return undefined;
}

function checkBacklog(setting: Setting, findings: Findings): number | undefined {
  const { value } = setting;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_BACKLOG)
    return value;
  findings.reject(setting, `is not a whole number from 1 to ${MAX_BACKLOG}`);
  return undefined;
}

/** Port 0 asks the system for a free port, so two of these do not clash. */
function rejectTwins(listeners: readonly ListenerConfig[], findings: Findings): void {
  const names = new Set<string>();
  const addresses = new Set<string>();
  for (const { name, address } of listeners) {
    const text = formatAddress(address);
    const anyPort = address.kind !== 'unix' && address.port === 0;
    if (addresses.has(text) && !anyPort)
      findings.problem('listeners', `two listeners have the address ${text}`);
    else if (names.has(name)) findings.problem('listeners', `two listeners have the name "${name}"`);
    names.add(name);
    addresses.add(text);
  }
}
