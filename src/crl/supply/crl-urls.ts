import type { WantedCrl } from '../../wire/crl.js';

/** Where a wanted CRL may be had, in order. */
export function crlUrls({ uris, source }: WantedCrl): readonly string[] {
  return source === undefined ? uris : [source];
}
