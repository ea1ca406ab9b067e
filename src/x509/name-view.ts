import { formatNameAt } from './name-format.js';
import { type KeyTraits, rdnKeys } from './name-key.js';
import { type NameOutline, outlineOf } from './name-outline.js';

/** The keys of a name, and what is seldom asked for. */
interface KeyReading {
  readonly keys: readonly string[];
  readonly traits: KeyTraits;
  exactKeys?: readonly string[];
  outline?: NameOutline;
}

/** A Name as a view into the bytes it stands in: see `Name`. */
export class NameView {
  private readonly bytes: Buffer;
  private readonly from: number;
  private readonly to: number;
  private derView: Uint8Array | undefined;
  private keyText: string | undefined;
  private keyReading: KeyReading | undefined;
  private shown: string | undefined;

  constructor(bytes: Buffer, from: number, to: number) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.derView = undefined;
    this.keyText = undefined;
    this.keyReading = undefined;
    this.shown = undefined;
  }

  get der(): Uint8Array {
    return (this.derView ??= this.bytes.subarray(this.from, this.to));
  }

  get empty(): boolean {
    return this.to - this.from === 2;
  }

  get hasKey(): boolean {
    return this.keyText !== undefined;
  }

  get key(): string {
    return (this.keyText ??= this.rdnKeys.join(','));
  }

  get rdnKeys(): readonly string[] {
    return this.reading.keys;
  }

  get exactRdnKeys(): readonly string[] {
    const { reading } = this;
    if (!reading.traits.hasTeletex) return reading.keys;
    return (reading.exactKeys ??= rdnKeys(this.der, { isComparable: true, hasTeletex: false }, 'octets'));
  }

  get isComparable(): boolean {
    return this.reading.traits.isComparable;
  }

  get outline(): NameOutline {
    return (this.reading.outline ??= outlineOf(this.der));
  }

  get text(): string {
    return (this.shown ??= formatNameAt(this.bytes, this.from, this.to));
  }

  private get reading(): KeyReading {
    return (this.keyReading ??= readKeys(this.der));
  }
}

function readKeys(name: Uint8Array): KeyReading {
  const traits = { isComparable: true, hasTeletex: false };
  return { keys: rdnKeys(name, traits), traits };
}
