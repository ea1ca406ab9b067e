import type { Mark } from './notes/marks.js';

/** `same`: as new as the mark, so that it may only fill a gap. */
export type Age = 'older' | 'same' | 'newer' | 'newerWithLowerNumber';

/**
 * An order over all CRLs of a scope, for its mark and for what hosts tell each other: by thisUpdate, on a tie by number,
 * of which none is the lowest. It does not say that one takes the place of another: for that its number must not be
 * lower (`isNewer` of verify/crl-order.ts).
 */
export function compareAge(crl: Mark, mark: Mark | undefined): Age {
  if (mark === undefined) return 'newer';
  const byNumber = compareNumbers(crl.number, mark.number);
  if (crl.thisUpdate !== mark.thisUpdate) {
    if (crl.thisUpdate < mark.thisUpdate) return 'older';
    return byNumber < 0 ? 'newerWithLowerNumber' : 'newer';
  }
  return byNumber === 0 ? 'same' : byNumber < 0 ? 'older' : 'newer';
}

function compareNumbers(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  return (a ?? -1n) < (b ?? -1n) ? -1 : 1;
}
