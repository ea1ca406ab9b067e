import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '../../errors.js';
import { parsePem } from '../../x509/pem.js';
import { X509Error } from '../../x509/x509-error.js';

const DER_SEQUENCE = 0x30;

/** A file with one CRL, in DER or PEM. Throws `X509Error` for a file that is none, or that cannot be read. */
export function readCrlFile(path: string): Uint8Array {
  const content = read(path);
  if (content[0] === DER_SEQUENCE) return content;
  const [first, ...others] = parsePem(content.toString('latin1')).filter(({ label }) => label === 'X509 CRL');
  if (first === undefined)
    throw new X509Error('MALFORMED', 'it holds neither DER nor a PEM block "X509 CRL"');
  if (others.length > 0) throw new X509Error('MALFORMED', 'it holds more than one CRL');
  return first.der;
}

function read(path: string): Buffer {
  try {
    // To read a FIFO or a device could hold the thread up for ever.
    if (!statSync(path).isFile()) throw new Error('it is no file');
    return readFileSync(path);
  } catch (cause) {
    throw new X509Error('MALFORMED', `it cannot be read: ${messageOf(cause)}`, { cause });
  }
}
