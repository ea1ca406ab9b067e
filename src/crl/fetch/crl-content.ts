import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { codeOf } from '../../errors.js';
import { ContentError } from '../../x509/content-error.js';
import { sequenceLength } from '../../x509/der-kind.js';
import { type PkiObjects, readPkiObjectsInStrides } from '../../x509/pki-objects.js';
import { FetchError } from './fetch-error.js';
import { mostUnpacked, tooMuchUnpacked } from './unpacking.js';

const GZIP = [0x1f, 0x8b] as const;

/**
 * The one CRL, DER, of what a server sent: DER, PEM, or either in a .gz file, in memory of its own. Only its frame is
 * looked at here; the rest is checked when it is stored. Throws FetchError.
 */
export async function crlOf(body: Buffer, maxSize: number): Promise<Buffer> {
  const content = body[0] === GZIP[0] && body[1] === GZIP[1] ? await unpack(body, maxSize) : body;
  if (content.length === 0) throw new FetchError('content', 'the answer is empty');
  const { crls } = await read(content);
  const [crl, second] = crls;
  if (crl === undefined) throw new FetchError('content', 'it does not hold a CRL');
  if (second !== undefined) throw new FetchError('content', 'it holds more than one CRL');
  const der = wholeSequence(crl);
  return der.length === der.buffer.byteLength ? der : withOwnMemory(der);
}

async function read(content: Buffer): Promise<PkiObjects> {
  try {
    return await readPkiObjectsInStrides(content, 'crl', setImmediate);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    const what = error.code === 'WRONG_CONTENT' ? '' : 'its PEM is broken: ';
    throw new FetchError('content', `${what}${error.message}`, { cause: error });
  }
}

/** Small buffers share memory, and unpacked ones may have some to spare. */
function withOwnMemory(der: Buffer): Buffer {
  const own = Buffer.from(new ArrayBuffer(der.length));
  own.set(der);
  return own;
}

async function unpack(body: Buffer, maxSize: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(body, { maxOutputLength: mostUnpacked(body.length, maxSize) });
  } catch (error) {
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw tooMuchUnpacked(body.length, maxSize);
  }
}

/** A server that closes the connection early cuts off a body without Content-Length, and nothing else shows it. */
function wholeSequence(der: Buffer): Buffer {
  const length = sequenceLength(der);
  if (length === der.length) return der;
  if (length === undefined) throw new FetchError('content', 'the CRL is not DER');
  const what = length > der.length ? 'it is cut off' : 'something follows it';
  throw new FetchError('content', `the CRL says that it has ${length} bytes and ${der.length} came: ${what}`);
}
