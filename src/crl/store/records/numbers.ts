import { StoreError } from '../store-error.js';

/** Octets of a number, big-endian. */
const LENGTH = 6;

export function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH);
  bytes.writeUIntBE(value, 0, LENGTH);
  return bytes;
}

/** 0 where nothing stands. Throws STORE_ODD. */
export function numberOf(bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0;
  if (bytes.length !== LENGTH) throw new StoreError('STORE_ODD', 'the CRL store holds a number that is odd');
  return Buffer.from(bytes).readUIntBE(0, LENGTH);
}
