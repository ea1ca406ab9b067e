import { Buffer } from 'node:buffer';
import { isOnP256 } from './p256-point.js';

/** A SubjectPublicKeyInfo of one length: the octets before and after the part that differs between keys. */
interface KeyForm {
  readonly head: Buffer;
  readonly tail: Buffer;
  /** Is what stands between a good key? The position is where it begins. */
  readonly isGood: (bytes: Uint8Array, from: number) => boolean;
}

/** By the total length in octets. */
const FORMS: ReadonlyMap<number, KeyForm> = new Map([
  // RFC 5480 §2.1.1, §2.2: P-256, and a point that is not compressed
  form('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 64, '', isOnP256),
  // RFC 3279 §2.3.1: a modulus of 2048, 3072 or 4096 bits, and the exponent 65537
  rsaForm('30820122', '0382010f00', '3082010a0282010100', 256),
  rsaForm('308201a2', '0382018f00', '3082018a0282018100', 384),
  rsaForm('30820222', '0382020f00', '3082020a0282020100', 512),
]);

/**
 * Is the SubjectPublicKeyInfo from `from` to `to` a good key in one of the forms that nearly all certificates have? It
 * is known by its octets, which is faster than to read it; `false` says only that it has to be read.
 */
export function isPlainGoodKey(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  const known = FORMS.get(to - from);
  if (known === undefined) return false;
  const { head, tail, isGood } = known;
  return (
    stands(head, bytes, from) && stands(tail, bytes, to - tail.length) && isGood(bytes, from + head.length)
  );
}

function stands(octets: Buffer, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < octets.length; i++) if (bytes[at + i] !== octets[i]) return false;
  return true;
}

function form(
  head: string,
  octets: number,
  tail: string,
  isGood: KeyForm['isGood'],
): readonly [number, KeyForm] {
  const parts = { head: Buffer.from(head, 'hex'), tail: Buffer.from(tail, 'hex'), isGood };
  return [parts.head.length + octets + parts.tail.length, parts];
}

function rsaForm(whole: string, bitString: string, key: string, octets: number): readonly [number, KeyForm] {
  const rsaEncryption = '300d06092a864886f70d0101010500';
  const head = `${whole}${rsaEncryption}${bitString}${key}`;
  // All of its bits, and odd: a smaller one is longer or shorter in DER.
  const isGood = (bytes: Uint8Array, from: number): boolean =>
    bytes[from]! >= 0x80 && (bytes[from + octets - 1]! & 1) === 1;
  return form(head, octets, '0203010001', isGood);
}
