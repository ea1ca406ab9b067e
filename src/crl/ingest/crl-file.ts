import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '../../errors.js';
import { ContentError } from '../../x509/content-error.js';
import { readPkiObjects } from '../../x509/pki-objects.js';
import { X509Error } from '../../x509/x509-error.js';

/** A file with one CRL, in DER or PEM. Throws `X509Error` for any other file, and for one that cannot be read. */
export function readCrlFile(path: string): Uint8Array {
  const [first, ...others] = crlsOf(read(path));
  if (first === undefined) throw new X509Error('MALFORMED', 'it does not hold a CRL');
  if (others.length > 0) throw new X509Error('MALFORMED', 'it holds more than one CRL');
  return first;
}

function crlsOf(content: Buffer): readonly Uint8Array[] {
  try {
    return readPkiObjects(content, 'crl').crls;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw new X509Error('MALFORMED', error.message, { cause: error });
  }
}

function read(path: string): Buffer {
  try {
    // To read a FIFO or a device could hold the thread up for ever.
    if (!statSync(path).isFile()) throw new Error('it is not a regular file');
    return readFileSync(path);
  } catch (error) {
    throw new X509Error('MALFORMED', `it cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
