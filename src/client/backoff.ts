/** The first pause, and the longest, in milliseconds. */
const FIRST = 50;
const LONGEST = 2000;

/**
 * Milliseconds to wait before attempt `failures` + 1: doubled each time, at least what the server asked for, plus a
 * random part of up to a half, so that clients refused together do not come back together.
 *
 * @param failures attempts that failed so far, from 1.
 * @param random 0 to 1.
 */
export function pauseAfter(failures: number, retryAfter: number | undefined, random: number): number {
  const doubled = Math.min(LONGEST, FIRST * 2 ** (failures - 1));
  return Math.max(doubled, retryAfter ?? 0) * (1 + random / 2);
}
