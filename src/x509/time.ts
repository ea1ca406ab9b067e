import { type DerReader, TAG } from './der.js';
import { malformed } from './x509-error.js';

/**
 * Reads a Time (RFC 5280 §4.1.2.5) as milliseconds since 1970: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, to the
 * second, in UTC. GeneralizedTime before 2050 is accepted: real CAs write it, and it says the same.
 */
export function readTime(r: DerReader, what: string): number {
  return r.peek() === TAG.generalizedTime ? readGeneralizedTime(r, what) : readUtcTime(r, what);
}

export function readGeneralizedTime(r: DerReader, what: string): number {
  r.expect(TAG.generalizedTime, what);
  const year = twoDigits(r, 0, what) * 100 + twoDigits(r, 2, what);
  return restOfTime(r, year, 4, what);
}

function readUtcTime(r: DerReader, what: string): number {
  r.expect(TAG.utcTime, what);
  const year = twoDigits(r, 0, what);
  return restOfTime(r, year < 50 ? 2000 + year : 1900 + year, 2, what);
}

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function restOfTime(r: DerReader, year: number, offset: number, what: string): number {
  if (r.to - r.from !== offset + 11 || r.bytes[r.to - 1] !== 0x5a) throw malformed(`${what} is no DER time`);
  const month = twoDigits(r, offset, what);
  const day = twoDigits(r, offset + 2, what);
  const hour = twoDigits(r, offset + 4, what);
  const minute = twoDigits(r, offset + 6, what);
  const second = twoDigits(r, offset + 8, what);
  const days = daysSince1970(year, month, day);
  if (days === undefined || hour > 23 || minute > 59 || second > 59)
    throw malformed(`${what} is not a valid time`);
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

/**
 * Days of the Gregorian calendar, counted in years that begin in March so that the leap day comes last; `undefined`
 * for a day that there is not.
 */
export function daysSince1970(year: number, month: number, day: number): number | undefined {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 && leap ? 29 : DAYS_IN_MONTH[month - 1];
  if (last === undefined || day < 1 || day > last) return undefined;
  const y = month > 2 ? year : year - 1;
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  return 365 * y + (y >> 2) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}

function twoDigits(r: DerReader, offset: number, what: string): number {
  const at = r.from + offset;
  if (at + 2 > r.to) throw malformed(`${what} is cut off`);
  const tens = r.bytes[at]! - 0x30;
  const units = r.bytes[at + 1]! - 0x30;
  if (tens < 0 || tens > 9 || units < 0 || units > 9) throw malformed(`${what} holds no digits`);
  return tens * 10 + units;
}
