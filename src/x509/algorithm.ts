/** RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** The whole TLV of the parameters; `null` when absent. */
  readonly parameters: Uint8Array | null;
  /** The whole AlgorithmIdentifier TLV. */
  readonly der: Uint8Array;
}
