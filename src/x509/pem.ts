import { PkixdError } from '../errors.js';

/** One block of textual encoding (RFC 7468): what stands between its BEGIN and END lines. */
export interface PemBlock {
  /** `CERTIFICATE`, `X509 CRL`, … */
  readonly label: string;
  readonly der: Buffer;
}

export class PemError extends PkixdError {
  constructor(code: 'BAD_PEM' | 'BAD_BASE64', message: string) {
    super(code, message);
  }
}

const BEGIN = /^-----BEGIN ([A-Z0-9 ]{1,64})-----$/;
const END = /^-----END ([A-Z0-9 ]{1,64})-----$/;

/** Characters at which the lines of a block are decoded: beyond any ordinary certificate. */
const DECODE_AT = 8192;

/**
 * Reads PEM line by line. Text outside blocks is explanatory (RFC 7468 §2) and passed over; inside a block only
 * base64 may stand, padded and canonical, since the lax forms are where two readers come to differ.
 */
export class PemReader {
  #label: string | undefined;
  /** Lines not decoded yet, and how many characters they are. */
  #lines: string[] = [];
  #length = 0;
  /** What is decoded already: a long block is held as its bytes, not as its lines. */
  #decoded: Buffer[] = [];

  /** The label of the block that is begun and not yet ended. */
  get openLabel(): string | undefined {
    return this.#label;
  }

  /** Takes one line without its line end; returns the block that it completes. */
  line(text: string): PemBlock | undefined {
    const line = text.trim();
    if (this.#label === undefined) {
      this.#begin(line);
      return undefined;
    }
    if (!line.startsWith('-----')) {
      this.#add(line, this.#label);
      return undefined;
    }
    return this.#end(line, this.#label);
  }

  #add(line: string, label: string): void {
    if (line === '') return;
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length < DECODE_AT) return;
    const text = this.#lines.join('');
    // The last letters wait: they may hold the padding, which stands at the very end alone.
    const whole = text.length - (text.length % 4 || 4);
    const bytes = decodeBase64(text.slice(0, whole), label);
    if (bytes.length !== (whole / 4) * 3) throw notCanonical(label);
    this.#decoded.push(bytes);
    this.#lines = [text.slice(whole)];
    this.#length = text.length - whole;
  }

  #begin(line: string): void {
    if (!line.startsWith('-----')) return;
    const label = BEGIN.exec(line)?.[1];
    if (label === undefined) throw new PemError('BAD_PEM', `"${line.slice(0, 80)}" begins no PEM block`);
    this.#label = label;
    this.#forget();
  }

  #end(line: string, label: string): PemBlock {
    const ended = END.exec(line)?.[1];
    if (ended !== label) {
      throw new PemError('BAD_PEM', `BEGIN ${label} is followed by "${line.slice(0, 80)}", not by its END`);
    }
    this.#label = undefined;
    const rest = this.#lines.join('');
    if (rest === '') throw notCanonical(label);
    const last = decodeBase64(rest, label);
    const der = this.#decoded.length === 0 ? last : Buffer.concat([...this.#decoded, last]);
    this.#forget();
    return { label, der };
  }

  #forget(): void {
    this.#lines = [];
    this.#length = 0;
    this.#decoded = [];
  }
}

/** All blocks of a text. */
export function parsePem(text: string): PemBlock[] {
  const reader = new PemReader();
  const blocks: PemBlock[] = [];
  for (const line of text.split('\n')) {
    const block = reader.line(line);
    if (block) blocks.push(block);
  }
  if (reader.openLabel !== undefined) {
    throw new PemError('BAD_PEM', `BEGIN ${reader.openLabel} has no END`);
  }
  return blocks;
}

/** Buffer.from skips what is not base64; encoding the result again shows whether it skipped anything. */
function decodeBase64(text: string, label: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw notCanonical(label);
  return bytes;
}

function notCanonical(label: string): PemError {
  return new PemError('BAD_BASE64', `the ${label} block is not canonical base64`);
}
