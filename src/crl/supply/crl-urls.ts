import type { WantedCrl } from '../../wire/crl.js';

/** The URLs of a wanted CRL, in order. */
export function crlUrls({ uris, source }: WantedCrl): readonly string[] {
  return source === undefined ? uris : [source];
}
