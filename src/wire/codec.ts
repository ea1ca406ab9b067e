import { Packr } from 'msgpackr';

/**
 * Plain msgpack (no msgpackr records or structures), so that any other implementation can read it. Maps arrive
 * as plain objects; integers beyond 2^53 as bigint. `moreTypes` and extensions stay off.
 */
const packr = new Packr({ useRecords: false, moreTypes: false });

export function encode(value: unknown): Buffer {
  return packr.pack(value);
}

/** Throws on anything that is not exactly one msgpack value. Callers check the shape of what they get. */
export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/** The same for bytes that this program wrote itself, so their type is known. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller wrote the bytes and names their type
export function decodeTrusted<T>(bytes: Uint8Array): T {
  return packr.unpack(bytes);
}
