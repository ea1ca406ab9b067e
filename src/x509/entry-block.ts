import { knownCode, NO_REASON } from './revocation-reason.js';
import { daysSince1970 } from './time.js';

/** SEQUENCE, a length, INTEGER, a length: as a little-endian word, and without its lengths. */
const HEAD = 0x0002_0030;
const HEAD_MASK = 0x00ff_00ff;
/** Set where a length is not one of less than 128, written in one octet. */
const LONG = 0x8000_8000;
/** UTCTime, of 13 octets. */
const TIME_HEAD = 0x170d;
const TIME_SIZE = 15;
/** `30 0c 30 0a 06 03 55 1d 15 04 03 0a 01`, and the code itself. */
const REASON_HEAD = [0x300c_300a, 0x0603_551d, 0x1504_030a] as const;
const REASON_SIZE = 14;
/** A UTCTime is of 1950 to 2049 (§4.1.2.5.1). */
const FIRST_YEAR = 1950;
/** The first day of each month since January 1950, and of the one after the last, in days since 1970. */
const MONTHS = Int32Array.from(
  { length: 1201 },
  (_, month) => daysSince1970(FIRST_YEAR + Math.floor(month / 12), 1 + (month % 12), 1) ?? 0,
);

/**
 * Entries of a CRL in columns: of a million of them none is an object, and the loop that reads those of the plain form,
 * which are nearly all there are, is so short that it is compiled soon.
 *
 *     30 len │ 02 len serial │ 17 0d YYMMDDhhmmssZ │ 30 0c 30 0a 06 03 55 1d 15 04 03 0a 01 reason
 *                                                    absent, or the one extension reasonCode
 */
export class EntryBlock {
  /** Entries in the columns. */
  count = 0;
  /** Some of them have crlEntryExtensions, which version 1 does not allow. */
  extended = false;
  /** The start of the serial number's content. */
  readonly serialsFrom: Int32Array;
  readonly serialsTo: Int32Array;
  /** revocationDate, s since 1970. */
  readonly seconds: Float64Array;
  /** reasonCode, or `NO_REASON`. */
  readonly reasons: Int8Array;
  readonly #view: DataView;

  /**
   * @param bytes the whole CRL
   * @param size entries that there is room for
   */
  constructor(bytes: Uint8Array, size: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.serialsFrom = new Int32Array(size);
    this.serialsTo = new Int32Array(size);
    this.seconds = new Float64Array(size);
    this.reasons = new Int8Array(size);
  }

  /**
   * Reads entries from `at` on, every octet of them, until there is no room, or up to one that is of another form or
   * wrong. Returns the end.
   */
  readPlain(at: number, end: number): number {
    const view = this.#view;
    const { serialsFrom, serialsTo, seconds, reasons } = this;
    const size = serialsFrom.length;
    let extended = false;
    let count = 0;
    for (; count < size && at + 4 <= end; count++) {
      const head = view.getInt32(at, true);
      const octets = head >>> 24;
      const from = at + 4;
      const time = from + octets;
      const to = at + 2 + ((head >>> 8) & 0xff);
      if ((head & HEAD_MASK) !== HEAD || (head & LONG) !== 0 || octets === 0) break;
      if (to > end || time + TIME_SIZE > to || (octets > 1 && isPadded(view.getUint16(from)))) break;
      if (view.getUint16(time) !== TIME_HEAD || view.getUint8(time + 14) !== 0x5a) break;
      const yearMonth = view.getInt32(time + 2, true);
      const dayHour = view.getInt32(time + 6, true);
      const minuteSecond = view.getInt32(time + 10, true);
      if ((notDigits(yearMonth) | notDigits(dayHour) | notDigits(minuteSecond)) !== 0) break;
      const year = firstPair(yearMonth);
      const month = secondPair(yearMonth) - 1;
      const hour = secondPair(dayHour);
      const minute = firstPair(minuteSecond);
      const second = secondPair(minuteSecond);
      if (month < 0 || month > 11 || hour > 23 || minute > 59 || second > 59) break;
      const monthSince1950 = (year < 50 ? year + 50 : year - 50) * 12 + month;
      const first = MONTHS[monthSince1950]!;
      const day = first + firstPair(dayHour) - 1;
      if (day < first || day >= MONTHS[monthSince1950 + 1]!) break;
      let reason = NO_REASON;
      if (time + TIME_SIZE !== to) {
        if (to - time !== TIME_SIZE + REASON_SIZE || !isReasonCode(view, time + TIME_SIZE)) break;
        reason = knownCode(view.getUint8(to - 1));
        extended = true;
      }
      serialsFrom[count] = from;
      serialsTo[count] = time;
      seconds[count] = day * 86_400 + (hour * 60 + minute) * 60 + second;
      reasons[count] = reason;
      at = to;
    }
    this.count = count;
    this.extended = extended;
    return at;
  }

  /** Makes this the only entry. */
  set(serialFrom: number, serialTo: number, seconds: number, reason: number): void {
    this.count = 1;
    this.serialsFrom[0] = serialFrom;
    this.serialsTo[0] = serialTo;
    this.seconds[0] = seconds;
    this.reasons[0] = reason;
  }
}

/** The first two octets of an INTEGER: 00 is needed before 80 and above, ff before less. */
function isPadded(first: number): boolean {
  return first < 0x80 || first >= 0xff80;
}

/** 0 where all four octets are decimal digits. */
function notDigits(word: number): number {
  return ((word & 0xf0f0_f0f0) ^ 0x3030_3030) | (((word + 0x0606_0606) & 0xf0f0_f0f0) ^ 0x3030_3030);
}

/** The number that two of four digits stand for. */
function firstPair(word: number): number {
  return (word & 0xf) * 10 + ((word >>> 8) & 0xf);
}

function secondPair(word: number): number {
  return ((word >>> 16) & 0xf) * 10 + ((word >>> 24) & 0xf);
}

function isReasonCode(view: DataView, at: number): boolean {
  return (
    view.getInt32(at) === REASON_HEAD[0] &&
    view.getInt32(at + 4) === REASON_HEAD[1] &&
    view.getInt32(at + 8) === REASON_HEAD[2] &&
    view.getUint8(at + 12) === 0x01
  );
}
