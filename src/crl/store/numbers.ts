/** Six octets, big-endian. */
export function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}

/** 0 where nothing stands. */
export function numberOf(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : Buffer.from(bytes).readUIntBE(0, 6);
}
