import * as der from './der-builder.js';
import * as ext from './extensions.js';
import { algorithmOf, signWith } from './keys.js';
import type { Issuer } from './pki.js';

export interface BigCrl {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly count: number;
  /** Content octets of the serial number of entry `index`, and of one like it that is not listed. */
  serial(index: number): Uint8Array;
  absent(index: number): Uint8Array;
}

export interface BigCrlOptions {
  readonly count: number;
  /** CRL number; and what tells its serial numbers from those of CRLs with another. */
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

const SERIAL_OCTETS = 16;
/** `30 len │ 02 10 serial │ 17 0d UTCTime │ reasonCode keyCompromise, in every other entry`. */
const PLAIN = 2 + 2 + SERIAL_OCTETS + 15;
const REASON = Buffer.from('300c300a0603551d1504030a0101', 'hex');

/** A CRL of any size, made in a second: every entry is written straight into one buffer. */
export function createBigCrl(issuer: Issuer, options: BigCrlOptions): BigCrl {
  const { count, number, thisUpdate, nextUpdate } = options;
  const list = Buffer.alloc(count * PLAIN + Math.floor(count / 2) * REASON.length);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const hasReason = index % 2 === 1;
    at = list.writeUInt16BE(0x3000 | (PLAIN - 2 + (hasReason ? REASON.length : 0)), at);
    at = list.writeUInt16BE(0x0200 | SERIAL_OCTETS, at);
    list.set(serialOf(number, index), at);
    at += SERIAL_OCTETS;
    const [day, hour] = [1 + (index % 28), index % 24];
    at += list.write(`\x17\x0d24${two(1 + (index % 12))}${two(day)}${two(hour)}0000Z`, at, 'latin1');
    if (hasReason) at += REASON.copy(list, at);
  }
  const algorithm = algorithmOf(issuer.key, 'sha256');
  const tbs = der.sequence(
    der.integer(1),
    algorithm,
    issuer.name,
    der.time(thisUpdate),
    der.time(nextUpdate),
    ...(count === 0 ? [] : [der.sequence(list)]),
    der.explicit(0, der.sequence(ext.authorityKeyIdentifier(issuer.key.spki), ext.crlNumber(number))),
  );
  const whole = der.sequence(tbs, algorithm, der.bitString(signWith(issuer.key, 'sha256', tbs)));
  return {
    der: Uint8Array.from(whole),
    count,
    serial: (index) => serialOf(number, index),
    absent: (index) => serialOf(number, index + count),
  };
}

/** Spread like random ones, and never the same for two numbers or indices. */
function serialOf(number: number, index: number): Uint8Array {
  const serial = Buffer.alloc(SERIAL_OCTETS);
  serial.writeUInt32BE(0x40000000 | (Math.imul(index, 0x9e3779b1) >>> 2), 0);
  serial.writeUInt32BE(Math.imul(index + number, 0x85ebca6b) >>> 0, 4);
  serial.writeUInt32BE(index, 8);
  serial.writeUInt32BE(number, 12);
  return serial;
}

const two = (value: number): string => String(value).padStart(2, '0');
