import { type DerReader, TAG } from './der.js';

/** RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** The whole TLV of the parameters; `null` when absent. */
  readonly parameters: Uint8Array | null;
  /** The whole AlgorithmIdentifier TLV. */
  readonly der: Uint8Array;
}

export function readAlgorithm(r: DerReader, what: string, tag: number = TAG.sequence): AlgorithmIdentifier {
  const outer = r.enter(tag, what);
  const der = r.element();
  const oid = r.oid(what);
  let parameters: Uint8Array | null = null;
  if (!r.done) {
    r.next(what);
    parameters = r.element();
  }
  r.leave(outer, what);
  return { oid, parameters, der };
}
