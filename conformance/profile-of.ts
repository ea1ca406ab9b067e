import type { BaseProfile } from '../src/config/config.js';
import { BASE_RULES, type Rule } from '../src/verify/profiles.js';
import type { Case } from './suite.js';

/** Which rules a case tests: the suites contradict each other, so the data's README names a profile for each. */
export function rulesOf(suite: string, { id }: Case): ReadonlySet<Rule> {
  const base = baseOf(suite, id);
  if (suite.startsWith('boringssl-chains')) return new Set<Rule>([...BASE_RULES[base], 'eku-nesting']);
  return BASE_RULES[base];
}

/** What a case is judged by, for people. */
export function profileOf(suite: string, { id, params }: Case): string {
  if (params.parseOnly === true) return 'the parser';
  if (params.unitLevel === true) return 'rfc5280, revocation alone';
  const base = baseOf(suite, id);
  return suite.startsWith('boringssl-chains') ? `${base} and \`eku-nesting\`` : base;
}

function baseOf(suite: string, id: string): BaseProfile {
  if (suite.startsWith('bettertls')) return 'webpki';
  if (!suite.startsWith('x509-limbo')) return 'rfc5280';
  if (id.includes('webpki::')) return 'webpki-strict';
  return id.includes('online::') ? 'webpki' : 'rfc5280-strict';
}
