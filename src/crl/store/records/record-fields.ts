import { decode, encode } from '../../../wire/codec.js';
import { StoreError } from '../store-error.js';

/** The fields of a record as they were read; each of these throws STORE_ODD for one that is not of its kind. */
export type Fields = Readonly<Record<string, unknown>>;

/** Octets of a record that is written: no field of one is longer by right. */
const MAX_RECORD = 8 * 1024 ** 2;
/** The times that a Date can hold, ms. */
const MAX_TIME = 8.64e15;

export function fieldsOf(bytes: Uint8Array, what: string): Fields {
  try {
    const value = decode(bytes);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw new StoreError('STORE_ODD', `the CRL store holds a ${what} that cannot be read`, { cause: error });
  }
  throw new StoreError('STORE_ODD', `the CRL store holds a ${what} that is not a map`);
}

/** A record's octets, tried by the function that will read it: what that refuses is not written. Throws STORE_FAILED. */
export function recordBytes(value: object, read: (bytes: Uint8Array) => unknown): Buffer {
  const bytes = encode(value);
  if (bytes.length > MAX_RECORD)
    throw new StoreError(
      'STORE_FAILED',
      `a record of ${bytes.length} octets is not written to the CRL store`,
    );
  try {
    read(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError('STORE_FAILED', `a record that could not be read again is not written: ${why}`, {
      cause: error,
    });
  }
  return bytes;
}

export function integer(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw odd(name);
  return value;
}

export function count(fields: Fields, name: string): number {
  const value = integer(fields, name);
  if (value < 0) throw odd(name);
  return value;
}

export function time(fields: Fields, name: string): number {
  const value = integer(fields, name);
  if (Math.abs(value) > MAX_TIME) throw odd(name);
  return value;
}

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw odd(name);
  return value;
}

export function texts(fields: Fields, name: string): readonly string[] {
  const values = list(fields, name);
  if (!values.every((value) => typeof value === 'string')) throw odd(name);
  return values;
}

export function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw odd(name);
  return value;
}

export function octets(fields: Fields, name: string): Uint8Array {
  const value = fields[name];
  if (!(value instanceof Uint8Array)) throw odd(name);
  return value;
}

export function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw odd(name);
  return value;
}

/** A number as digits, for those that msgpack does not hold. */
export function digits(fields: Fields, name: string): bigint | null {
  const value = fields[name];
  if (value === null) return null;
  if (typeof value !== 'string' || !/^\d{1,1000}$/.test(value)) throw odd(name);
  return BigInt(value);
}

export function map(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw odd(name);
  return { ...value };
}

/** `{}` where the field is absent, else the field as it was read. */
export function optional<T, N extends string>(
  fields: Fields,
  name: N,
  read: (fields: Fields, name: string) => T,
): { readonly [K in N]?: T } {
  if (fields[name] === undefined) return {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key makes a type of any string
  return { [name]: read(fields, name) } as { readonly [K in N]?: T };
}

function odd(name: string): StoreError {
  return new StoreError('STORE_ODD', `the CRL store holds a record whose ${name} is odd`);
}
