import { Buffer } from 'node:buffer';
import { readCertsOnly } from './cms.js';
import { ContentError } from './content-error.js';
import { derKind, isWholeSequence, splitTrusted } from './der-kind.js';
import { type PemBlock, PemReader } from './pem.js';
import { notReadable, wrongKind } from './wrong-content.js';
import { X509Error } from './x509-error.js';

/** The kinds of objects in a request, or in a file for one. */
export type ObjectKind = 'certificate' | 'crl' | 'ocsp';

/** The objects in some bytes, each DER, in their order. */
export interface PkiObjects {
  readonly certificates: readonly Buffer[];
  readonly crls: readonly Buffer[];
  readonly ocsp: readonly Buffer[];
  /** How many of the certificates, at the beginning, came in one CMS message, which keeps no order: see `leafFirst`. */
  readonly inFirstMessage: number;
  /** The certificates whose OpenSSL trust settings reject uses. */
  readonly distrusted: readonly Buffer[];
  /** Ignored content, for a message to the person who gave the bytes. */
  readonly remarks: readonly string[];
}

/**
 * Decides what bytes are, and reads them: one complete DER value, or else PEM (RFC 7468), in UTF-8 or Latin-1 with or
 * without a byte order mark, or in UTF-16. This is the only place that decides it. Nothing that looks like a
 * certificate is ignored, and nothing is parsed beyond its outermost elements: bytes that begin like DER but are
 * incomplete are returned as `wanted`, since their parser knows what is wrong with them.
 *
 * @param wanted what the bytes should be
 * @throws ContentError whose message names what the bytes are instead
 */
export function readPkiObjects(bytes: Uint8Array, wanted: ObjectKind): PkiObjects {
  const collector = new ObjectCollector();
  drain(steps(asBuffer(bytes), wanted, collector));
  return collector;
}

/** The same for large files: between two strides of PEM it waits for `pause`. */
export async function readPkiObjectsInStrides(
  bytes: Uint8Array,
  wanted: ObjectKind,
  pause: () => Promise<unknown>,
): Promise<PkiObjects> {
  const collector = new ObjectCollector();
  for (const _ of steps(asBuffer(bytes), wanted, collector)) await pause();
  return collector;
}

/** The same for PEM that is characters already. */
export function readPkiText(text: string): PkiObjects {
  const collector = new ObjectCollector();
  drain(readText(text, collector));
  return collector;
}

function* steps(content: Buffer, wanted: ObjectKind, collector: ObjectCollector): Generator<void> {
  const text = isWholeSequence(content) ? undefined : textOf(content);
  if (text !== undefined) yield* readText(text, collector);
  else if (isWholeSequence(content)) collector.addDer(content, wanted);
  else if (beginsAsDer(content)) collector.addBroken(content, wanted);
  else throw notReadable(content, wanted);
}

function drain(generator: Generator<void>): void {
  while (generator.next().done !== true);
}

/** Characters of PEM between two steps: some milliseconds of work. */
const STRIDE = 256 * 1024;

function* readText(text: string, collector: ObjectCollector): Generator<void> {
  const reader = new PemReader();
  // RFC 7468 §3, eol: a text without any LF has its lines end in CR.
  const lineEnd = text.includes('\n') ? '\n' : '\r';
  for (let from = 0; from < text.length;) {
    const found = text.indexOf(lineEnd, from + STRIDE);
    const to = found === -1 ? text.length : found;
    for (const line of text.slice(from, to).split(lineEnd)) {
      const block = reader.line(line);
      if (block !== undefined) collector.addBlock(block);
    }
    from = to + 1;
    yield;
  }
  reader.finish();
}

/** Gathers objects in their order. */
export class ObjectCollector implements PkiObjects {
  readonly certificates: Buffer[] = [];
  readonly crls: Buffer[] = [];
  readonly ocsp: Buffer[] = [];
  readonly distrusted: Buffer[] = [];
  readonly remarks: string[] = [];
  inFirstMessage = 0;

  /** Throws `ContentError` for a block that holds something else than its label says. */
  addBlock({ kind, label, der }: PemBlock): void {
    switch (kind) {
      case 'certificate':
      case 'crl':
      case 'ocsp':
        this.addDer(der, kind, label);
        return;
      case 'trusted':
        this.#addTrusted(der, label);
        return;
      case 'cms':
        this.#addMessage(der);
        return;
      case 'secret':
        this.remarks.push(`a ${label} was passed over: it belongs where only its owner reads it`);
        return;
      case 'parameters':
        this.remarks.push(`${label} were passed over`);
    }
  }

  /**
   * One whole DER value.
   *
   * @param label of the PEM block that it comes from; a CMS message has a label of its own
   */
  addDer(der: Buffer, wanted: ObjectKind, label?: string): void {
    const kind = derKind(der);
    if (kind === 'cms' && label === undefined) this.#addMessage(der);
    else if (kind === undefined || kind === wanted) this.#listOf(wanted).push(der);
    else throw wrongKind(kind, wanted, label);
  }

  addBroken(der: Buffer, wanted: ObjectKind): void {
    this.#listOf(wanted).push(der);
  }

  #listOf(kind: ObjectKind): Buffer[] {
    return kind === 'certificate' ? this.certificates : kind === 'crl' ? this.crls : this.ocsp;
  }

  #addTrusted(bytes: Buffer, label: string): void {
    const { certificate, hasSettings, isDistrusted } = readBlock(label, () => splitTrusted(bytes));
    const der = asBuffer(certificate);
    this.addDer(der, 'certificate', label);
    if (isDistrusted) this.distrusted.push(der);
    if (hasSettings) this.remarks.push(`OpenSSL's trust settings behind a ${label} were dropped`);
  }

  #addMessage(der: Buffer): void {
    const { certificates, crls } = readBlock('CMS message', () => readCertsOnly(der));
    if (this.certificates.length === 0) this.inFirstMessage = certificates.length;
    this.certificates.push(...certificates.map(asBuffer));
    this.crls.push(...crls.map(asBuffer));
  }
}

function readBlock<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    throw new ContentError('WRONG_CONTENT', `the ${what} cannot be read: ${error.message}`, { cause: error });
  }
}

const ARMOUR = '-----BEGIN ';

/** The text of PEM; `undefined` for bytes that hold none. Outside base64 the octets of UTF-8 are read as Latin-1. */
function textOf(content: Buffer): string | undefined {
  const utf16 = utf16Of(content);
  if (utf16 === undefined) return content.includes(ARMOUR) ? content.toString('latin1') : undefined;
  return utf16.includes(ARMOUR) ? utf16 : undefined;
}

/** Text of which the first character is a byte order mark, or ASCII, in two octets. */
function utf16Of(content: Buffer): string | undefined {
  const [first, second] = content;
  if (first === undefined || second === undefined || content.length % 2 !== 0) return undefined;
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && first < 0x80 && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0 && second < 0x80);
  if (isLittle) return content.toString('utf16le');
  return isBig ? Buffer.from(content).swap16().toString('utf16le') : undefined;
}

/** A SEQUENCE with a length of its own; a text that begins with its tag, the character 0, goes on with a character. */
function beginsAsDer(content: Buffer): boolean {
  return content[0] === 0x30 && (content[1] ?? 0) > 0x80;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
