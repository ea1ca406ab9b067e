/** ms since 1970: the last instant that a Date can hold (ECMA-262 §21.4.1.1); the first is as far before 1970. */
export const LAST_INSTANT = 8_640_000_000_000_000;

/** Whether a Date can hold this time. */
export function isInstant(milliseconds: number): boolean {
  return Math.abs(milliseconds) <= LAST_INSTANT;
}
