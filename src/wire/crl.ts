/**
 * A CRL that a verification misses: where the certificate says that it lies, and who must have signed it. It travels
 * from the task thread to the service that supplies CRLs, as msgpack.
 */
export interface WantedCrl {
  /** The CRL issuer's Name, DER. */
  readonly issuer: Uint8Array;
  /** The URIs of one distribution point, in its order: any of them has the CRL. */
  readonly uris: readonly string[];
  /** Named by a freshestCRL extension (§5.2.6, §4.2.1.15): a delta CRL. */
  readonly isDelta: boolean;
  /** The SubjectPublicKeyInfo of each candidate signer, DER; a CRL that none of them signed is not taken. */
  readonly signers: readonly Uint8Array[];
}
