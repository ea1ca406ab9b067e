import { DerReader, TAG } from './der.js';
import { bitOf, extensionBit, oidOf } from './extension-bit.js';
import type { Extension } from './extensions.js';
import { oidName, readOid } from './oid.js';
import { spendWork, WORK } from './work.js';
import { malformed, X509Error } from './x509-error.js';

/** Reads the value of one extension; the reader stands on its content. */
type ExtensionParser<T> = (r: DerReader, critical: boolean) => T;

/** Stands for every extension that is not looked for: no bit of `ExtensionBit`. */
const OTHER = 1 << 31;

/** The extensions of a certificate or CRL: found by their bit, read at first use, kept. */
export class ExtensionList {
  readonly all: readonly ParsedOnce[];
  /** The bits of those that there are. */
  private readonly mask: number;
  /** The bits of the critical ones, and `OTHER` where there is one without a bit. */
  private readonly critical: number;
  /** One for all of them in turn: parsers keep no reader. */
  private reader: DerReader | undefined;

  constructor(all: readonly ParsedOnce[], mask: number, critical: number) {
    this.all = all;
    this.mask = mask;
    this.critical = critical;
    this.reader = undefined;
  }

  /** Is every critical one among these bits? */
  hasOnlyCritical(bits: number): boolean {
    return (this.critical & ~bits) === 0;
  }

  /** The extension as parsed by `parse`; `undefined` if it is absent. Each bit has one parser. */
  read<T>(bit: number, what: string, parse: ExtensionParser<T>): T | undefined {
    if ((this.mask & bit) === 0) return undefined;
    const { all } = this;
    let index = 0;
    while (all[index]!.bit !== bit) index++;
    return all[index]!.read(what, parse, (this.reader ??= new DerReader(all[index]!.bytes)));
  }
}

export const NO_EXTENSIONS = new ExtensionList([], 0, 0);

/**
 * Reads Extensions (RFC 5280 §4.1.2.9, §5.1.2.7). `critical FALSE` written out is refused: DER leaves out what is a
 * DEFAULT (X.690 §11.5).
 */
export function readExtensions(r: DerReader, what: string): ExtensionList {
  const all: ParsedOnce[] = [];
  let mask = 0;
  let critical = 0;
  const outer = r.enterNonEmpty(TAG.sequence, what);
  while (!r.done) {
    spendWork(WORK.extension);
    const extension = readExtension(r, what);
    if ((mask & extension.bit) !== 0) throw duplicate(extension, what);
    mask |= extension.bit;
    if (extension.critical) critical |= extension.bit === 0 ? OTHER : extension.bit;
    all.push(extension);
  }
  r.leave(outer, what);
  refuseDuplicates(all, what);
  return new ExtensionList(all, mask, critical);
}

function readExtension(r: DerReader, what: string): ParsedOnce {
  const outer = r.enter(TAG.sequence, what);
  r.expect(TAG.oid, what);
  let bit = extensionBit(r.bytes, r.from, r.to);
  let oid: string | undefined;
  if (bit === 0) {
    oid = readOid(r.bytes, r.from, r.to, what);
    bit = bitOf(oid);
  }
  const critical = r.peek() === TAG.boolean;
  if (critical && !r.boolean(what)) {
    throw malformed(
      `${what}: ${oidName(oid ?? oidOf(bit))} has "critical FALSE" written out, which DER leaves out`,
    );
  }
  r.expect(TAG.octetString, what);
  const extension = new ParsedOnce(bit, oid, critical, r.bytes, r.from, r.to);
  r.leave(outer, what);
  return extension;
}

/** §4.2: "A certificate MUST NOT include more than one instance of a particular extension." Of those without a bit. */
function refuseDuplicates(all: readonly ParsedOnce[], what: string): void {
  if (all.length > 20) {
    const seen = new Set<string>();
    for (const extension of all) {
      if (seen.has(extension.oid)) throw duplicate(extension, what);
      seen.add(extension.oid);
    }
    return;
  }
  for (let i = 1; i < all.length; i++) {
    if (all[i]!.bit !== 0) continue;
    for (let j = 0; j < i; j++) {
      if (all[j]!.bit === 0 && all[i]!.oid === all[j]!.oid) throw duplicate(all[i]!, what);
    }
  }
}

function duplicate({ oid }: Extension, what: string): X509Error {
  return new X509Error('DUPLICATE_EXTENSION', `${what} name ${oid} twice`);
}

class ParsedOnce implements Extension {
  /** 0 for an extension that is not looked for. */
  readonly bit: number;
  readonly critical: boolean;
  /** Read only where the bit does not tell it. */
  private readonly dotted: string | undefined;
  readonly bytes: Uint8Array;
  private readonly from: number;
  private readonly to: number;
  private parsed: unknown;

  constructor(
    bit: number,
    dotted: string | undefined,
    critical: boolean,
    bytes: Uint8Array,
    from: number,
    to: number,
  ) {
    this.bit = bit;
    this.dotted = dotted;
    this.critical = critical;
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.parsed = undefined;
  }

  get oid(): string {
    return this.dotted ?? oidOf(this.bit);
  }

  get value(): Uint8Array {
    return this.bytes.subarray(this.from, this.to);
  }

  /** @param r over the same bytes */
  read<T>(what: string, parse: ExtensionParser<T>, r: DerReader): T {
    if (this.parsed === undefined) {
      r.pos = this.from;
      r.end = this.to;
      const parsed = parse(r, this.critical);
      r.finish(what);
      this.parsed = parsed;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one bit has one parser
    return this.parsed as T;
  }
}
