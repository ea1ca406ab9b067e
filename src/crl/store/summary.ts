import type { CrlSummary } from '../../wire/ingest.js';
import { contentOf } from './notes/marks.js';
import { crlOfHead, type Head } from './records/records.js';

/** Throws STORE_ODD. @param key of the CRL's place */
export function summaryOf(key: Buffer, head: Head): CrlSummary {
  const { issuer, thisUpdate, nextUpdate, number, isDelta } = crlOfHead(head);
  const { entries, source, storedAt, signer, signerId, bytes, fetched } = head;
  const own = Uint8Array.from(issuer.der);
  return {
    key: key.toString('hex'),
    issuer: own,
    thisUpdate,
    nextUpdate,
    number,
    isDelta,
    entries,
    source,
    storedAt,
    signerId,
    content: contentOf(head.header),
    bytes,
    wanted: fetched && { issuer: own, ...fetched, signers: [signer] },
  };
}
