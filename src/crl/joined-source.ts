import type { CrlSource } from '../verify/revocation-inputs.js';

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
    find: (issuer) => there.flatMap((source) => source.find(issuer)),
  };
}
