import { crc32 } from 'node:zlib';
import { StoreError } from '../store-error.js';

/** Octets of the checksum. */
const SEAL = 4;

/**
 * A record as it is stored: its octets, followed by the CRC-32 of its key and of them. A bit flipped by disk or memory
 * could otherwise make an older CRL look newer, or a revoked certificate good.
 */
export function seal(key: Uint8Array, record: Uint8Array): Buffer {
  const sealed = Buffer.alloc(record.length + SEAL);
  sealed.set(record);
  sealed.writeUInt32BE(checksum(key, record), record.length);
  return sealed;
}

/** The record without its checksum, as a view. Throws STORE_DAMAGED. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const end = sealed.length - SEAL;
  const record = sealed.subarray(0, Math.max(0, end));
  if (end < 0 || Buffer.from(sealed.subarray(end)).readUInt32BE() !== checksum(key, record))
    throw new StoreError('STORE_DAMAGED', 'the CRL store holds a broken record, or one of another version');
  return record;
}

function checksum(key: Uint8Array, record: Uint8Array): number {
  return crc32(record, crc32(key));
}
