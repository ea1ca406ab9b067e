/**
 * Batches are transferred between threads, which detaches their memory. V8 compiles code for typed arrays without checks
 * for that until it happens for the first time, and then throws all such code away: it had better happen before any is
 * compiled.
 */
export function detachOnce(): void {
  transferred(new Uint8Array(8));
}

/** A batch as it arrives in another thread. */
export function transferred(batch: Uint8Array<ArrayBuffer>): Uint8Array {
  return structuredClone(batch, { transfer: [batch.buffer] });
}
