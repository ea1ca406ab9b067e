/**
 * Counts of values in microseconds, with a resolution of one sixteenth: every power of two is cut into sixteen parts,
 * and each value below sixteen has its own.
 *
 *     value   0 … 15 │ 16 … 31 │ 32, 34, … 62 │ 64, 68, … 124 │ …   up to 2^31 µs, 36 minutes
 *     index   0 … 15 │ 16 … 31 │ 32 …      47 │ 48 …       63 │ …   447
 *
 * Recording one costs some nanoseconds; histograms of several processes can be added and subtracted.
 */
const PARTS = 16;
const LARGEST = 2 ** 31 - 1;
const SIZE = 28 * PARTS;

export class Histogram {
  readonly counts: Uint32Array;

  constructor(counts: Uint32Array = new Uint32Array(SIZE)) {
    this.counts = counts;
  }

  /** Reads the `bytes` of a histogram of another process on this machine; `undefined` for anything else. */
  static from(bytes: unknown): Histogram | undefined {
    if (!(bytes instanceof Uint8Array) || bytes.length !== SIZE * Uint32Array.BYTES_PER_ELEMENT)
      return undefined;
    // A copy, since the bytes may be unaligned in a larger buffer.
    return new Histogram(new Uint32Array(Uint8Array.from(bytes).buffer));
  }

  record(milliseconds: number): void {
    const value = Math.max(0, Math.min(LARGEST, Math.round(milliseconds * 1000)));
    const index = indexOf(value);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.counts.buffer, this.counts.byteOffset, this.counts.byteLength);
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  plus(other: Histogram): Histogram {
    return new Histogram(this.counts.map((count, index) => count + (other.counts[index] ?? 0)));
  }

  /** The values since `earlier`. */
  minus(earlier: Histogram): Histogram {
    return new Histogram(this.counts.map((count, index) => count - (earlier.counts[index] ?? 0)));
  }

  /**
   * Milliseconds that this share of the values, 0 to 1, does not exceed, rounded up to the end of a part. 0 if there
   * are no values.
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.total));
    let seen = 0;
    for (const [index, count] of this.counts.entries()) {
      seen += count;
      if (seen >= rank) return endOf(index) / 1000;
    }
    return 0;
  }
}

function indexOf(value: number): number {
  if (value < PARTS) return value;
  const exponent = 31 - Math.clz32(value);
  return (exponent - 3) * PARTS + ((value >>> (exponent - 4)) & (PARTS - 1));
}

/** The largest value of this part. */
function endOf(index: number): number {
  if (index < PARTS) return index;
  const shift = Math.floor(index / PARTS) - 1;
  return (PARTS + (index % PARTS) + 1) * 2 ** shift - 1;
}
