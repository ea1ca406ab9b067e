import { DerReader, TAG } from './der.js';
import type { Extension } from './extensions.js';
import { malformed, X509Error } from './x509-error.js';

/** Reads the value of one extension; the reader stands on its content. */
type ExtensionParser<T> = (r: DerReader, critical: boolean) => T;

/** The extensions of a certificate, CRL or CRL entry: found by OID, read at first use, kept. */
export class ExtensionList {
  readonly all: readonly ParsedOnce[];

  constructor(all: readonly ParsedOnce[]) {
    this.all = all;
  }

  has(oid: string): boolean {
    return this.find(oid) !== undefined;
  }

  /** What `parse` makes of the extension; `undefined` when it is absent. One OID has one parser. */
  read<T>(oid: string, what: string, parse: ExtensionParser<T>): T | undefined {
    return this.find(oid)?.read(what, parse);
  }

  private find(oid: string): ParsedOnce | undefined {
    const { all } = this;
    for (let i = 0; i < all.length; i++) {
      if (all[i]!.oid === oid) return all[i];
    }
    return undefined;
  }
}

export const NO_EXTENSIONS = new ExtensionList([]);

/**
 * Reads Extensions (RFC 5280 §4.1.2.9, §5.1.2.7). `critical FALSE` written out is refused: DER leaves out what is a
 * DEFAULT (X.690 §11.5).
 */
export function readExtensions(r: DerReader, what: string): ExtensionList {
  const all: ParsedOnce[] = [];
  const outer = r.enterNonEmpty(TAG.sequence, what);
  while (!r.done) {
    const outerExtension = r.enter(TAG.sequence, what);
    const oid = r.oid(what);
    const critical = r.peek() === TAG.boolean;
    if (critical && !r.boolean(what)) throw malformed(`${what} have a FALSE that is written out`);
    r.expect(TAG.octetString, what);
    all.push(new ParsedOnce(oid, critical, r.bytes, r.from, r.to));
    r.leave(outerExtension, what);
  }
  r.leave(outer, what);
  refuseDuplicates(all, what);
  return new ExtensionList(all);
}

/** §4.2: "A certificate MUST NOT include more than one instance of a particular extension." */
function refuseDuplicates(all: readonly ParsedOnce[], what: string): void {
  if (all.length > 20) {
    if (new Set(all.map((extension) => extension.oid)).size !== all.length)
      throw new X509Error('DUPLICATE_EXTENSION', `${what} name an extension twice`);
    return;
  }
  for (let i = 1; i < all.length; i++) {
    for (let j = 0; j < i; j++) {
      if (all[i]!.oid === all[j]!.oid)
        throw new X509Error('DUPLICATE_EXTENSION', `${what} name ${all[i]!.oid} twice`);
    }
  }
}

class ParsedOnce implements Extension {
  readonly oid: string;
  readonly critical: boolean;
  private readonly bytes: Uint8Array;
  private readonly from: number;
  private readonly to: number;
  private parsed: unknown;

  constructor(oid: string, critical: boolean, bytes: Uint8Array, from: number, to: number) {
    this.oid = oid;
    this.critical = critical;
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.parsed = undefined;
  }

  get value(): Uint8Array {
    return this.bytes.subarray(this.from, this.to);
  }

  read<T>(what: string, parse: ExtensionParser<T>): T {
    if (this.parsed === undefined) {
      const r = new DerReader(this.bytes, this.from, this.to);
      const parsed = parse(r, this.critical);
      r.finish(what);
      this.parsed = parsed;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one OID has one parser
    return this.parsed as T;
  }
}
