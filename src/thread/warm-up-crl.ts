import { closeSlot, SLOTS, sealOf, slotSealOf, TABLE_WORDS } from '../crl/store/bucket.js';
import { type Buckets, StoredCrl } from '../crl/store/stored-crl.js';
import { spkiId } from '../verify/keys/ca-key.js';
import { type Crl, withoutEntries } from '../x509/crl.js';
import { hashKey } from '../x509/keyed-hash.js';

const HASH = hashKey(new Uint8Array(8));
const GENERATION = 1;

/**
 * A CRL without entries in the form of the store (one bucket, in memory), so that the warm-up runs the code that reads
 * the store.
 *
 * @param signer the SubjectPublicKeyInfo of the key that signed it, DER
 */
export function warmUpCrl(crl: Crl, signer: Uint8Array): StoredCrl {
  const head = {
    generation: GENERATION,
    header: withoutEntries(crl),
    signerId: spkiId(signer),
    signer,
    source: '',
    storedAt: 0,
    entries: 0,
    buckets: 1,
    issuerTables: 0,
    bytes: 0,
    derBytes: 0,
    hasCertificateIssuer: false,
    unclearIssuers: [],
  };
  const bytes = emptyBucket();
  const lent = { bytes, view: new DataView(bytes.buffer), length: bytes.length };
  const buckets: Buckets = { path: '', lend: () => lent, get: () => undefined };
  return new StoredCrl(head, buckets, HASH, { isDisputed: false, trouble: () => undefined });
}

/** See crl/store/bucket.ts. */
function emptyBucket(): Uint8Array<ArrayBuffer> {
  const words = new Int32Array(TABLE_WORDS);
  const seal = sealOf(HASH, GENERATION, 1);
  for (let slot = 0; slot < SLOTS; slot++) closeSlot(words, 0, slot, TABLE_WORDS, slotSealOf(seal, slot, 0));
  return new Uint8Array(words.buffer);
}
