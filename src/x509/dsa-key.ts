import type { AlgorithmIdentifier } from './algorithm.js';
import { writeElement } from './der-writer.js';
import { DerReader, TAG } from './der.js';
import { isNullOrAbsent } from './pss-parameters.js';
import { malformed } from './x509-error.js';

interface DsaFacts {
  readonly bits: number;
  readonly dsaParameters: Uint8Array;
  /** With the inherited parameters put in, where the key had none. */
  readonly spki?: Uint8Array;
}

const MIN_BITS = 1024;
const MAX_BITS = 3072;
/** FIPS 186-4 §4.2. */
const SUBGROUP_BITS: ReadonlySet<number> = new Set([160, 224, 256]);

/** A DSA key (RFC 3279 §2.3.2), its parameters its own or those of the key above it. */
export function readDsaKey(
  algorithm: AlgorithmIdentifier,
  key: Uint8Array,
  inherited: Uint8Array | undefined,
): DsaFacts {
  const own = isNullOrAbsent(algorithm.parameters) ? undefined : algorithm.parameters;
  const dsaParameters = own ?? inherited;
  if (!dsaParameters) throw malformed('DSA key has no parameters and inherits none');
  const { p, q, g } = readParameters(dsaParameters);
  const bits = p.toString(2).length;
  if (bits < MIN_BITS || bits > MAX_BITS)
    throw malformed(`DSA prime has ${bits} bits, not ${MIN_BITS} to ${MAX_BITS}`);
  if (!SUBGROUP_BITS.has(q.toString(2).length)) throw malformed('DSA subgroup has an unknown size');
  if ((p & 1n) === 0n || (q & 1n) === 0n) throw malformed('DSA prime is even');
  // 1 and p - 1 generate nothing: with such a g, or y, anyone can sign.
  if (g < 2n || g >= p - 1n) throw malformed('DSA generator is out of range');

  const r = new DerReader(key);
  const y = readPositive(r, 'DSA key');
  r.finish('DSA key');
  if (y < 2n || y >= p - 1n) throw malformed('DSA key is out of range');
  if (own) return { bits, dsaParameters };
  return { bits, dsaParameters, spki: withParameters(algorithm, dsaParameters, key) };
}

function readParameters(parameters: Uint8Array): { p: bigint; q: bigint; g: bigint } {
  const what = 'DSA parameters';
  const r = new DerReader(parameters);
  const outer = r.enter(TAG.sequence, what);
  const found = { p: readPositive(r, what), q: readPositive(r, what), g: readPositive(r, what) };
  r.leave(outer, what);
  r.finish(what);
  return found;
}

function readPositive(r: DerReader, what: string): bigint {
  r.integer(what);
  const octets = r.content();
  if (octets.length > MAX_BITS / 8 + 1) throw malformed(`${what} holds a number of over ${MAX_BITS} bits`);
  if (octets[0]! & 0x80) throw malformed(`${what} holds a negative number`);
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

/** OpenSSL imports no DSA key without parameters. */
function withParameters(algorithm: AlgorithmIdentifier, parameters: Uint8Array, key: Uint8Array): Uint8Array {
  const r = new DerReader(algorithm.der);
  r.enter(TAG.sequence, 'algorithm');
  r.next('algorithm');
  return writeElement(
    TAG.sequence,
    writeElement(TAG.sequence, r.element(), parameters),
    writeElement(TAG.bitString, Buffer.from([0]), key),
  );
}
