import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { formatSize } from '../../config/units.js';
import { codeOf } from '../../errors.js';
import { type PemBlock, PemError, PemReader } from '../../x509/pem.js';
import { FetchError } from './fetch-error.js';

const DER_SEQUENCE = 0x30;
const GZIP = [0x1f, 0x8b] as const;
const PEM_LABEL = 'X509 CRL';
/** Bytes of PEM read before the event loop gets its turn. */
const PEM_STRIDE = 256 * 1024;

/**
 * The one CRL, DER, of what a server sent: DER, PEM, or either in a .gz file, in memory of its own. Only its frame is looked at here; the
 * rest is for whoever stores it. Throws FetchError.
 */
export async function crlOf(body: Buffer, maxSize: number): Promise<Buffer> {
  const content = body[0] === GZIP[0] && body[1] === GZIP[1] ? await unpack(body, maxSize) : body;
  if (content.length === 0) throw new FetchError('content', 'the answer is empty');
  const der = wholeSequence(content[0] === DER_SEQUENCE ? content : await onlyPemBlock(content));
  return der.length === der.buffer.byteLength ? der : withOwnMemory(der);
}

/** Small buffers share memory, and unpacked ones may have some to spare. */
function withOwnMemory(der: Buffer): Buffer {
  const own = Buffer.from(new ArrayBuffer(der.length));
  own.set(der);
  return own;
}

async function unpack(body: Buffer, maxSize: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(body, { maxOutputLength: maxSize });
  } catch (thrown) {
    if (codeOf(thrown) !== 'ERR_BUFFER_TOO_LARGE') throw thrown;
    throw new FetchError('tooLarge', `unpacked it is larger than crl.maxSize, ${formatSize(maxSize)}`);
  }
}

async function onlyPemBlock(content: Buffer): Promise<Buffer> {
  const blocks = content.includes('-----BEGIN ') ? await readPem(content) : [];
  const [crl, second] = blocks.filter(({ label }) => label === PEM_LABEL);
  if (crl === undefined) throw new FetchError('content', `it is neither DER nor PEM: ${opening(content)}`);
  if (second !== undefined) throw new FetchError('content', 'it holds more than one CRL');
  return crl.der;
}

/** A large file takes a while: it is read a stride at a time. */
async function readPem(content: Buffer): Promise<PemBlock[]> {
  const reader = new PemReader();
  const blocks: PemBlock[] = [];
  let rest = '';
  try {
    for (let at = 0; at < content.length; at += PEM_STRIDE) {
      const lines = (rest + content.toString('latin1', at, at + PEM_STRIDE)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) blocks.push(...blockOf(reader, line));
      await setImmediate();
    }
    blocks.push(...blockOf(reader, rest));
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new FetchError('content', `its PEM is broken: ${cause.message}`, { cause });
  }
  if (reader.openLabel !== undefined) throw new FetchError('content', 'its PEM is cut off');
  return blocks;
}

function blockOf(reader: PemReader, line: string): PemBlock[] {
  const block = reader.line(line);
  return block === undefined ? [] : [block];
}

/** A server that closes the connection early cuts off a body without Content-Length, and nothing else shows it. */
function wholeSequence(der: Buffer): Buffer {
  const length = sequenceLength(der);
  if (length === der.length) return der;
  const what = length > der.length ? 'it is cut off' : 'something follows it';
  throw new FetchError('content', `the CRL says that it has ${length} bytes and ${der.length} came: ${what}`);
}

/** Of the whole element, by its header (X.690 §8.1.3). */
function sequenceLength(der: Buffer): number {
  const first = der[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4 || der.length < 2 + octets) {
    throw new FetchError('content', `it is no DER: ${opening(der)}`);
  }
  return 2 + octets + der.readUIntBE(2, octets);
}

/** How it begins, so that an error page is known at sight. */
function opening(content: Buffer): string {
  return `it begins with ${JSON.stringify(content.toString('latin1', 0, 40))}`;
}
