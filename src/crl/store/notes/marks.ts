import { hash } from 'node:crypto';
import {
  digits,
  type Fields,
  fieldsOf,
  map,
  optional,
  recordBytes,
  text,
  time,
} from '../records/record-fields.js';

/** How new a CRL is. */
export interface Mark {
  /** ms */
  readonly thisUpdate: number;
  readonly number: bigint | null;
}

/** The newest CRL that a scope ever had: it outlives the CRL itself. */
export interface ScopeMark extends Mark {
  /** Which CRL that was: `contentOf` it; absent where any of its time and number will do. */
  readonly content?: string;
  /** `CaKey.id` of the key that signed it; absent in marks of older releases. */
  readonly signerId?: string;
  /**
   * CRLs of the scope that cannot be ordered were not kept: what they listed is not known. Nothing of the scope says
   * that a certificate is good until a CRL comes that is newer than this.
   */
  readonly disputed?: Mark;
}

/** A CRL by the digest of its header, which has the signature that was made of the whole. */
export function contentOf(header: Uint8Array): string {
  return hash('sha256', header, 'hex');
}

export const markBytes = (mark: ScopeMark): Buffer => {
  const { disputed, ...rest } = mark;
  const fields = {
    ...rest,
    ...written(mark),
    ...(disputed !== undefined && { disputed: written(disputed) }),
  };
  return recordBytes(fields, readMark);
};

/** Throws STORE_ODD. */
export function readMark(bytes: Uint8Array): ScopeMark {
  const fields = fieldsOf(bytes, 'high-water mark');
  return {
    ...timeAndNumber(fields),
    ...optional(fields, 'content', text),
    ...optional(fields, 'signerId', text),
    ...optional(fields, 'disputed', (record, name) => timeAndNumber(map(record[name], name))),
  };
}

/** Newer than this is newer than each of them, beyond doubt. */
export function latestOf(marks: readonly Mark[]): Mark | undefined {
  let latest: Mark | undefined;
  for (const { thisUpdate, number } of marks) {
    latest = {
      thisUpdate: Math.max(thisUpdate, latest?.thisUpdate ?? -Infinity),
      number: larger(number, latest?.number ?? null),
    };
  }
  return latest;
}

/** Does this CRL end the dispute? It is later than all that were not kept, and its number not lower. */
export function isSettledBy({ thisUpdate, number }: Mark, disputed: Mark): boolean {
  const isLower = number !== null && disputed.number !== null && number < disputed.number;
  return thisUpdate > disputed.thisUpdate && !isLower;
}

function larger(a: bigint | null, b: bigint | null): bigint | null {
  return a === null || (b !== null && b > a) ? b : a;
}

function written({ thisUpdate, number }: Mark): {
  readonly thisUpdate: number;
  readonly number: string | null;
} {
  return { thisUpdate, number: number?.toString() ?? null };
}

function timeAndNumber(fields: Fields): Mark {
  return { thisUpdate: time(fields, 'thisUpdate'), number: digits(fields, 'number') };
}
