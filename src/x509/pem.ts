import { ContentError } from './content-error.js';
import { blockKind, type BlockKind } from './pem-label.js';
import { lookOf } from './pem-text.js';

/** One block of textual encoding (RFC 7468): what stands between its BEGIN and END lines. */
export interface PemBlock {
  /** `CERTIFICATE`, `X509 CRL`, … */
  readonly label: string;
  readonly kind: BlockKind;
  /** Empty for a private key or parameters: these are not decoded. */
  readonly der: Buffer;
}

const BEGIN = /^-----BEGIN (.{1,64})-----$/;
const END = /^-----END (.{1,64})-----$/;
/** Lines that only separate, of dashes; a BEGIN line has a word. */
const RULER = /^-+$/;
/** The byte order mark of UTF-8, as text, and as the octets that Latin-1 makes of it. Files that were joined have it inside. */
const BYTE_ORDER_MARK = /^(?:\u{feff}|\u{ef}\u{bb}\u{bf})/u;

/** Characters at which the lines of a block are decoded: beyond any ordinary certificate. */
const DECODE_AT = 8192;
/** The same where lines are very short, each of which costs some memory by itself. */
const DECODE_LINES_AT = 512;

interface OpenBlock {
  readonly label: string;
  readonly kind: BlockKind;
}

/**
 * Reads PEM line by line. Text outside blocks is explanatory (RFC 7468 §2) and ignored, unless it may itself be a
 * certificate (`lookOf`). A block must contain only base64, padded and canonical, since readers differ in how they read
 * lax forms. Throws `ContentError`.
 */
export class PemReader {
  #open: OpenBlock | undefined;
  /** Lines not decoded yet, and how many characters they are. */
  #lines: string[] = [];
  #length = 0;
  /** The decoded part: a long block is held as bytes, not as lines. */
  #decoded: Buffer[] = [];

  /** The label of the block that is begun and not yet ended. */
  get openLabel(): string | undefined {
    return this.#open?.label;
  }

  /** Takes one line without its line end; returns the block that it completes. */
  line(text: string): PemBlock | undefined {
    const open = this.#open;
    if (open === undefined) {
      this.#outside(text.trimEnd().replace(BYTE_ORDER_MARK, ''));
      return undefined;
    }
    const line = text.trim();
    if (line.startsWith('-----')) return this.#end(line, open);
    if (!isPassedOver(open.kind)) this.#add(line, open.label);
    return undefined;
  }

  /** To be called after the last line. Throws BAD_PEM if a block is not ended. */
  finish(): void {
    if (this.#open !== undefined) {
      throw new ContentError('BAD_PEM', `BEGIN ${this.#open.label} has no END`);
    }
  }

  #outside(line: string): void {
    if (line.startsWith('-----') && !RULER.test(line)) this.#begin(line);
    else if (line !== '') refuseLookalike(line);
  }

  #begin(line: string): void {
    const label = BEGIN.exec(line)?.[1];
    if (label === undefined) throw new ContentError('BAD_PEM', `${shown(line)} does not begin a PEM block`);
    this.#open = { label, kind: blockKind(label) };
    this.#forget();
  }

  #add(line: string, label: string): void {
    if (line === '') return;
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length < DECODE_AT && this.#lines.length < DECODE_LINES_AT) return;
    const text = this.#lines.join('');
    // The last letters wait: they may hold the padding, which stands at the very end alone.
    const whole = text.length - (text.length % 4 || 4);
    const bytes = decodeBase64(text.slice(0, whole), label);
    if (bytes.length !== (whole / 4) * 3) throw notCanonical(label);
    this.#decoded.push(bytes);
    this.#lines = [text.slice(whole)];
    this.#length = text.length - whole;
  }

  #end(line: string, { label, kind }: OpenBlock): PemBlock {
    const ended = END.exec(line)?.[1];
    if (ended !== label) {
      throw new ContentError('BAD_PEM', `BEGIN ${label} is followed by ${shown(line)}, not by its END`);
    }
    this.#open = undefined;
    if (isPassedOver(kind)) return { label, kind, der: Buffer.alloc(0) };
    const rest = this.#lines.join('');
    if (rest === '') throw notCanonical(label);
    const last = decodeBase64(rest, label);
    const der = this.#decoded.length === 0 ? last : Buffer.concat([...this.#decoded, last]);
    this.#forget();
    return { label, kind, der };
  }

  #forget(): void {
    this.#lines = [];
    this.#length = 0;
    this.#decoded = [];
  }
}

/** A DER value as PEM, in lines of 64 characters. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function isPassedOver(kind: BlockKind): boolean {
  return kind === 'secret' || kind === 'parameters';
}

function refuseLookalike(line: string): void {
  const look = lookOf(line);
  if (look === undefined) return;
  throw new ContentError(
    'UNEXPECTED_TEXT',
    `the line ${shown(line)} looks like ${look}, and may be the certificate that is meant: ` +
      'write it as a PEM block, from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----"',
  );
}

/** Buffer.from skips what is not base64; encoding the result again shows whether it skipped anything. */
function decodeBase64(text: string, label: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw notCanonical(label);
  return bytes;
}

function notCanonical(label: string): ContentError {
  return new ContentError('BAD_BASE64', `the ${label} block is not canonical base64`);
}

/** The start of a line that may hold anything. */
function shown(line: string): string {
  const start = line.trimStart();
  return JSON.stringify(start.length > 80 ? `${start.slice(0, 80)}…` : start);
}
