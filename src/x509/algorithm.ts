import { DerReader, TAG } from './der.js';
import { RecentOctets } from './recent-octets.js';

/** RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** The whole TLV of the parameters; `null` when absent. */
  readonly parameters: Uint8Array | null;
  /** The whole AlgorithmIdentifier TLV. */
  readonly der: Uint8Array;
}

const recent = new RecentOctets<AlgorithmIdentifier>(128);
/** Octets; the usual parameters are shorter. */
const MAX_OCTETS = 128;

/** Reads an AlgorithmIdentifier; the same octets give the same object, on a copy of them. */
export function readAlgorithm(r: DerReader, what: string, tag: number = TAG.sequence): AlgorithmIdentifier {
  r.expect(tag, what);
  const known = recent.find(r.bytes, r.tlv, r.to);
  if (known !== undefined) return known;
  const own = new Uint8Array(r.element());
  const algorithm = readOwn(new DerReader(own), what, tag);
  if (own.length <= MAX_OCTETS) recent.keep(own, algorithm);
  return algorithm;
}

function readOwn(r: DerReader, what: string, tag: number): AlgorithmIdentifier {
  const outer = r.enter(tag, what);
  const oid = r.oid(what);
  let parameters: Uint8Array | null = null;
  if (!r.done) {
    r.next(what);
    parameters = r.element();
  }
  r.leave(outer, what);
  return { oid, parameters, der: r.bytes };
}
