import { formatSize } from '../../config/units.js';
import { FetchError } from './fetch-error.js';

/** Octets that may come of one packed octet, beyond what is small anyway. Packed CRLs give two to six, zeros 1032. */
const MAX_RATIO = 64;
const SMALL = 1024 * 1024;

/** How many octets may come of so many packed ones. */
export function mostUnpacked(packed: number, maxSize: number): number {
  return Math.min(maxSize, Math.max(SMALL, packed * MAX_RATIO));
}

/** Why so many did not do. */
export function tooMuchUnpacked(packed: number, maxSize: number): FetchError {
  const most = mostUnpacked(packed, maxSize);
  return new FetchError(
    'tooLarge',
    most === maxSize
      ? `unpacked it is larger than crl.maxSize, ${formatSize(maxSize)}`
      : `${formatSize(packed)} of it unpack to more than ${formatSize(most)}, ${MAX_RATIO} times as much: no CRL packs so well`,
  );
}
