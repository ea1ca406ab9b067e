import { REVOCATION_MODES } from '../revocation-mode.js';
import { BASE_PROFILES, type BaseProfile, type ProfileConfig } from './config.js';
import type { OptionValues } from './option-table.js';
import {
  checkAnchors,
  checkChoice,
  checkNumber,
  checkSwitch,
  checkText,
  describeRange,
  isMap,
} from './option-value.js';
import type { Findings, Setting } from './problems.js';
import { didYouMean } from './suggestion.js';

const CRL_MAX_AGE = { type: 'duration', min: 60_000, max: 3650 * 86_400_000 } as const;
/** The path builder makes no path of more than 64 certificates. */
const MAX_INTERMEDIATES = { type: 'integer', unit: 'intermediates', min: 0, max: 63 } as const;

/** The fields of an entry of `profiles`, for its check and for the reference. */
export const PROFILE_FIELDS = {
  base: `The set of rules: one of ${BASE_PROFILES.join(', ')}. Must be given, except in an entry named like one of them.`,
  revocation: `One of ${REVOCATION_MODES.join(', ')}; \`profile.revocation\` when absent.`,
  anchors: 'As `trust.anchors`, and that option when absent.',
  'trust.leaf':
    'As `trust.leaf`, and that option when absent: with `true` a certificate in question that is itself a trust anchor, the pinned certificate of a peer, may be valid ([what is checked](revocation.md#pinned-certificates)).',
  purpose:
    'The key purpose wanted when a request names none: a name (`serverAuth`) or a dotted OID; none when absent.',
  crlMaxAge: `How long a CRL that names no next update serves, counted from its own date: ${describeRange(CRL_MAX_AGE)}; such a CRL proves nothing when absent.`,
  maxIntermediates: `The most certificates between leaf and trust anchor, self-issued ones apart: ${describeRange(MAX_INTERMEDIATES)}; no limit of the profile's own when absent.`,
} as const;

/** The base profiles in a line each, for the reference. Their rules stand in src/verify/profiles.ts. */
export const BASE_PROFILE_TEXTS = {
  rfc5280: 'Path validation as RFC 5280 §6 has it; a trust anchor is a name and a key.',
  'rfc5280-strict':
    'What RFC 5280 §4 demands of certificates is enforced too, and the anchor is checked as a certificate.',
  webpki:
    "A browser's rules: the anchor checked as a certificate, no SHA-1, RSA keys of 2048 bits, key purposes of CAs bounding those below, no wildcard directly above a public suffix; certificates of a few days need no CRL.",
  'webpki-strict':
    "Those of `webpki` and `rfc5280-strict` (critical name constraints apart), and what the CA/Browser Forum's Baseline Requirements demand of a TLS server's certificate and its CAs: keys, signature algorithms, key identifiers, extKeyUsage, subjectAltName, common name.",
} as const satisfies Record<BaseProfile, string>;

type Defaults = Pick<OptionValues, 'profile.revocation' | 'trust.anchors' | 'trust.leaf'>;

/** The four base profiles, and those that the configuration derives from them. */
export function checkProfiles(
  setting: Setting | undefined,
  defaults: Defaults,
  findings: Findings,
): Record<string, ProfileConfig> {
  const profiles: Record<string, ProfileConfig> = {};
  for (const base of BASE_PROFILES) profiles[base] = plainProfile(base, defaults);
  if (setting === undefined) return profiles;
  if (!isMap(setting.value)) {
    findings.reject(setting, 'is not a map from names to profiles');
    return profiles;
  }
  for (const [name, value] of Object.entries(setting.value)) {
    const entry = { ...setting, key: `profiles.${name}`, value };
    const profile = checkProfile(name, entry, defaults, findings);
    if (profile) profiles[name] = profile;
  }
  return profiles;
}

function plainProfile(base: BaseProfile, defaults: Defaults): ProfileConfig {
  return {
    base,
    revocation: defaults['profile.revocation'],
    anchors: defaults['trust.anchors'],
    trustLeaf: defaults['trust.leaf'],
    purpose: null,
    crlMaxAge: null,
    maxIntermediates: null,
  };
}

function checkProfile(
  name: string,
  entry: Setting,
  defaults: Defaults,
  findings: Findings,
): ProfileConfig | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    findings.problem(entry.key, 'a profile name has up to 64 letters, digits, dots, dashes and underscores');
    return undefined;
  }
  if (!isMap(entry.value)) {
    findings.reject(entry, `is not a map of ${Object.keys(PROFILE_FIELDS).join(', ')}`);
    return undefined;
  }
  const fields = withDottedTrust(entry, entry.value, findings);
  for (const field of Object.keys(fields)) {
    if (Object.hasOwn(PROFILE_FIELDS, field)) continue;
    const hint = didYouMean(field, Object.keys(PROFILE_FIELDS));
    findings.problem(`${entry.key}.${field}`, `a profile has no such field${hint} (from ${entry.origin})`);
  }
  const field = (of: keyof typeof PROFILE_FIELDS): Setting | undefined =>
    fields[of] === undefined ? undefined : { ...entry, key: `${entry.key}.${of}`, value: fields[of] };

  const base = checkBase(
    name,
    field('base') ?? { ...entry, key: `${entry.key}.base`, value: undefined },
    findings,
  );
  if (base === undefined) return undefined;
  const plain = plainProfile(base, defaults);
  const revocation = field('revocation');
  const anchors = field('anchors');
  const leaf = field('trust.leaf');
  const purpose = field('purpose');
  const crlMaxAge = field('crlMaxAge');
  const maxIntermediates = field('maxIntermediates');
  return {
    base,
    revocation: (revocation && checkChoice(REVOCATION_MODES, revocation, findings)) ?? plain.revocation,
    anchors: (anchors && checkAnchors(anchors, findings)) ?? plain.anchors,
    trustLeaf: (leaf && checkSwitch(leaf, findings)) ?? plain.trustLeaf,
    purpose: (purpose && checkPurpose(purpose, findings)) ?? null,
    crlMaxAge: (crlMaxAge && checkNumber(CRL_MAX_AGE, crlMaxAge, findings)) ?? null,
    maxIntermediates:
      (maxIntermediates && checkNumber(MAX_INTERMEDIATES, maxIntermediates, findings)) ?? null,
  };
}

/** `trust: { leaf: true }` and `trust.leaf: true` are the same, as outside of profiles. */
function withDottedTrust(
  { key, origin }: Setting,
  given: Readonly<Record<string, unknown>>,
  findings: Findings,
): Readonly<Record<string, unknown>> {
  const { trust } = given;
  if (!isMap(trust)) return given;
  const fields: Record<string, unknown> = { ...given };
  delete fields['trust'];
  for (const [name, value] of Object.entries(trust)) {
    const dotted = `trust.${name}`;
    if (Object.hasOwn(fields, dotted)) {
      findings.problem(`${key}.${dotted}`, `stands twice in ${origin}; keep one`);
    }
    fields[dotted] = value;
  }
  return fields;
}

function checkBase(name: string, setting: Setting, findings: Findings): BaseProfile | undefined {
  const own = BASE_PROFILES.find((base) => base === name);
  if (setting.value !== undefined) {
    const base = checkChoice(BASE_PROFILES, setting, findings);
    if (own === undefined || base === undefined || base === own) return base;
    findings.reject(
      setting,
      `must be ${own}: the profile ${own} keeps its rules; give other rules another name`,
    );
    return undefined;
  }
  if (own === undefined) {
    findings.problem(setting.key, `is missing (from ${setting.origin}); one of ${BASE_PROFILES.join(', ')}`);
  }
  return own;
}

function checkPurpose(setting: Setting, findings: Findings): string | undefined {
  const text = checkText(setting, findings);
  if (text === undefined || /^(?:[A-Za-z][A-Za-z0-9]*|[0-2](?:\.\d+)+)$/.test(text)) return text;
  findings.reject(
    setting,
    'is neither a key purpose by name (serverAuth) nor a dotted OID (1.3.6.1.5.5.7.3.1)',
  );
  return undefined;
}
