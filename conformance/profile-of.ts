import type { BaseProfile } from '../src/config/config.js';
import { BASE_RULES, type Rule } from '../src/verify/profiles.js';
import type { Case } from './suite.js';

/** Which rules a case tests: the suites contradict each other, so the data's README names a profile for each. */
export function rulesOf(suite: string, test: Case): ReadonlySet<Rule> {
  const added = addedRules(suite, test);
  const base = BASE_RULES[baseOf(suite, test)];
  return added.length === 0 ? base : new Set<Rule>([...base, ...added]);
}

/** What a case is judged by, for people. */
export function profileOf(suite: string, test: Case): string {
  const { params } = test;
  if (params.parseOnly !== undefined && params.parseOnly !== false) return 'the parser';
  if (params.unitLevel === true) return 'rfc5280, revocation alone';
  const rules = addedRules(suite, test).map((rule) => `\`${rule}\``);
  if (trustsLeaf(suite)) rules.push('`trust.leaf`');
  const last = rules.pop();
  const base = baseOf(suite, test);
  if (last === undefined) return base;
  return rules.length === 0 ? `${base} and ${last}` : `${base}, ${rules.join(', ')} and ${last}`;
}

/** Beside those of the base profile: the suite's, then the case's. */
function addedRules(suite: string, { params }: Case): readonly Rule[] {
  const ofSuite = SUITE_RULES.find(([prefix]) => suite.startsWith(prefix))?.[1] ?? [];
  return [...ofSuite, ...(params.rules ?? [])];
}

const SUITE_RULES: readonly (readonly [prefix: string, rules: readonly Rule[]])[] = [
  ['boringssl-chains', ['eku-nesting']],
  ['boringssl-x509', ['anchor-as-certificate', 'eku-nesting']],
  ['mbedtls-verify', ['anchor-as-certificate', 'eku-nesting']],
];

/** In this suite a leaf that is itself an anchor is valid (`trust.leaf` of a profile); mbedtls-verify has it both ways. */
export function trustsLeaf(suite: string): boolean {
  return suite.startsWith('boringssl-x509');
}

function baseOf(suite: string, { id, params }: Case): BaseProfile {
  if (params.profile !== undefined) return params.profile;
  if (suite.startsWith('bettertls') || suite.startsWith('peer-names')) return 'webpki';
  if (!suite.startsWith('x509-limbo')) return 'rfc5280';
  if (id.includes('webpki::')) return 'webpki-strict';
  return id.includes('online::') ? 'webpki' : 'rfc5280-strict';
}
