import * as der from './der-builder.js';

type Writer = (text: string) => der.Der;

function universal(text: string): der.Der {
  const octets = Array.from(text).flatMap((character) => {
    const code = character.codePointAt(0) ?? 0;
    return [code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff];
  });
  return der.element(0x1c, der.raw(...octets));
}

const octetsOf =
  (tag: number): Writer =>
  (text) =>
    der.element(tag, Buffer.from(text, 'latin1'));

/** Writers of every string type of X.680 whose values are texts, by its name. */
export const STRING_WRITERS = {
  UTF8String: der.utf8String,
  NumericString: octetsOf(0x12),
  PrintableString: der.printableString,
  TeletexString: octetsOf(0x14),
  IA5String: der.ia5String,
  VisibleString: octetsOf(0x1a),
  UniversalString: universal,
  BMPString: der.bmpString,
} as const satisfies Readonly<Record<string, Writer>>;

export type StringType = keyof typeof STRING_WRITERS;
export const STRING_TYPES = Object.keys(STRING_WRITERS) as StringType[];

/** Each with each, itself included. */
export const PAIRS_OF_TYPES: readonly (readonly [StringType, StringType])[] = STRING_TYPES.flatMap((a) =>
  STRING_TYPES.map((b) => [a, b] as const),
);

/** Values that no preparation makes comparable with others (RFC 4518 §2). */
export const INCOMPARABLE: readonly (readonly [what: string, value: der.Der])[] = [
  ['a BMPString with half a surrogate pair', der.element(0x1e, der.raw(0xd8, 0x3d, 0, 0x41))],
  ['a BMPString with a surrogate pair', der.bmpString('\u{1f600}')],
  ['a UniversalString beyond Unicode', der.element(0x1c, der.raw(0, 0x11, 0, 0))],
  ['a UniversalString with a surrogate', der.element(0x1c, der.raw(0, 0, 0xd8, 0))],
  ['a UTF8String with a character for private use', der.utf8String('Evil\ue000')],
  ['a UTF8String with a replacement character', der.utf8String('Evil\ufffd')],
  ['a UTF8String with a character that is not assigned', der.utf8String('Evil\u0378')],
  ['a BMPString with a non-character', der.bmpString('Evil\uffff')],
  ['marks without end', der.utf8String(`E${'\u0301'.repeat(40)}vil`)],
  ['a PrintableString beyond ASCII', der.printableString('Ev\xefl')],
  ['a VisibleString beyond ASCII', der.element(0x1a, der.raw(0xe9))],
  ['a NumericString beyond ASCII', der.element(0x12, der.raw(0xb9))],
  ['a TeletexString that holds UTF-8', der.element(0x14, Buffer.from('Évil', 'utf8'))],
  ['a GeneralString', der.element(0x1b, Buffer.from('Evil'))],
  ['a GraphicString', der.element(0x19, Buffer.from('Evil'))],
  ['a VideotexString', der.element(0x15, Buffer.from('Evil'))],
  ['an INTEGER', der.integer(5)],
  ['a BIT STRING', der.bitString(der.raw(1))],
  ['an OCTET STRING', der.octetString(der.raw(1))],
  ['a SEQUENCE of strings', der.sequence(der.utf8String('Evil'))],
];
