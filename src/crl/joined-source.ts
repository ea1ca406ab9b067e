import type { CrlSource } from '../verify/crl-source.js';

const NO_CRLS: CrlSource = { find: () => [] };

/** Several sources of CRLs as one; those that are not there are left out. */
export function joinSources(sources: readonly (CrlSource | undefined)[]): CrlSource {
  const there = sources.filter((source) => source !== undefined);
  const [only = NO_CRLS, ...others] = there;
  if (others.length === 0) return only;
  return {
    renew: () => {
      for (const source of there) source.renew?.();
    },
    find: (issuer) => {
      let found = only.find(issuer);
      for (const other of others) {
        const more = other.find(issuer);
        if (more.length > 0) found = found.length === 0 ? more : [...found, ...more];
      }
      return found;
    },
  };
}
