import { resolve } from 'node:path';
import { checkText, isMap } from './option-value.js';
import type { Findings, Setting } from './problems.js';
import { didYouMean } from './suggestion.js';

/** An entry of `crl.sources`: an issuer, and the URL of its CRL. */
export interface CrlSourceConfig {
  readonly issuer:
    | { readonly kind: 'name'; readonly text: string }
    | { readonly kind: 'certificate'; readonly path: string };
  readonly from:
    { readonly kind: 'url'; readonly url: string } | { readonly kind: 'file'; readonly path: string };
}

/** The fields of an entry of `crl.sources`, for its check and for the reference. */
export const CRL_SOURCE_FIELDS = {
  issuer:
    "The CRL issuer's name as RFC 4514 writes it, the most specific part first: `CN=Example CA,O=Example,C=US`. Case and spaces do not matter.",
  certificate:
    "In place of `issuer`: a file with the CRL issuer's certificate (DER or PEM), which has the name as it is.",
  url: 'Where its CRL is, http or https; held to the same rules as the URLs of certificates.',
  file: 'In place of `url`: a file with the CRL (DER, PEM or .gz), read again when it changes.',
} as const;

/** A list of maps; an issuer may have several entries, which are tried in order. */
export function checkCrlSources(
  setting: Setting | undefined,
  findings: Findings,
): readonly CrlSourceConfig[] {
  if (setting === undefined) return [];
  if (!Array.isArray(setting.value)) {
    findings.reject(setting, 'is not a list of maps, each with issuer or certificate, and url or file');
    return [];
  }
  return setting.value.flatMap((value: unknown, index) => {
    return checkSource({ ...setting, key: `${setting.key}[${index}]`, value }, findings) ?? [];
  });
}

function checkSource(entry: Setting, findings: Findings): CrlSourceConfig | undefined {
  const { value: fields } = entry;
  if (!isMap(fields)) {
    findings.reject(entry, 'is not a map with issuer or certificate, and url or file');
    return undefined;
  }
  for (const name of Object.keys(fields)) {
    if (Object.hasOwn(CRL_SOURCE_FIELDS, name)) continue;
    const hint = didYouMean(name, Object.keys(CRL_SOURCE_FIELDS));
    findings.problem(`${entry.key}.${name}`, `a source has no such field${hint} (from ${entry.origin})`);
  }
  const issuer = oneOf(entry, fields, ['issuer', 'certificate'], findings);
  const from = oneOf(entry, fields, ['url', 'file'], findings);
  if (issuer === undefined || from === undefined) return undefined;
  const path = (text: string): string => resolve(entry.folder, text);
  return {
    issuer:
      issuer.field === 'issuer'
        ? { kind: 'name', text: issuer.text }
        : { kind: 'certificate', path: path(issuer.text) },
    from: from.field === 'url' ? { kind: 'url', url: from.text } : { kind: 'file', path: path(from.text) },
  };
}

/** Exactly one of two fields. */
function oneOf<F extends keyof typeof CRL_SOURCE_FIELDS>(
  entry: Setting,
  fields: Readonly<Record<string, unknown>>,
  names: readonly [F, F],
  findings: Findings,
): { readonly field: F; readonly text: string } | undefined {
  const [field, second] = names.filter((name) => fields[name] !== undefined);
  if (field === undefined || second !== undefined) {
    const what = field === undefined ? 'neither' : 'both';
    findings.problem(entry.key, `has ${what} of ${names.join(' and ')}; give one (from ${entry.origin})`);
    return undefined;
  }
  const text = checkText({ ...entry, key: `${entry.key}.${field}`, value: fields[field] }, findings);
  return text === undefined ? undefined : { field, text };
}
