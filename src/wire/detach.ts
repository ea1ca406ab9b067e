/**
 * Batches are transferred between threads, which detaches their memory. Until that happens for the first time, V8
 * compiles code for typed arrays without checks for it, and then discards all such code. This makes it happen before
 * any is compiled.
 */
export function detachOnce(): void {
  transferred(new Uint8Array(8));
}

/** A batch as it arrives in another thread. */
export function transferred(batch: Uint8Array<ArrayBuffer>): Uint8Array {
  return structuredClone(batch, { transfer: [batch.buffer] });
}
