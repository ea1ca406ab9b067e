/** Text in which only case has to be folded, as that of most names is. */
const WORDS = /^[!-~]+(?: [!-~]+)*$/;
// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\0-\x7f]*$/;
/** RFC 4518 §2.2: what is mapped to nothing, and what is mapped to a space. */
const NOTHING =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- single code points are meant
  /[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u06dd\u070f\u1806\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2063\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/gu;
const SPACE = /[\t-\r\x85\p{Z}]/gu;
/** RFC 4518 §2.4: unassigned, private-use, surrogate, replacement and non-characters. */
const PROHIBITED = /[\p{Cn}\p{Co}\p{Cs}\ufffd]/u;

/**
 * More than 30 combining marks in a row (UAX #15 §13, Stream-Safe Text; the two half-width marks become
 * combining ones): no language has them, and normalising a million of them takes minutes.
 */
const MARKS_WITHOUT_END = /[\p{M}\uff9e\uff9f]{31}/u;

/**
 * String preparation for caseIgnoreMatch by RFC 5280 §7.1: two texts match if their results are equal. The steps are
 * those of RFC 4518 §2.1 to §2.6; transcoding is done before, and there are no checks for step 5. `undefined` where
 * §2.4 prohibits a character, and for endless marks: such values equal only themselves.
 *
 * The tables are those of the runtime's Unicode, not of Unicode 3.2: later letters are folded too, and not prohibited.
 */
export function prepare(text: string): string | undefined {
  if (WORDS.test(text)) return text.toLowerCase();
  // Step 2, Map, but for case
  const mapped = text.replaceAll(NOTHING, '').replaceAll(SPACE, ' ');
  if (ASCII.test(mapped)) return withoutInsignificantSpaces(mapped.toLowerCase());
  if (MARKS_WITHOUT_END.test(mapped)) return undefined;
  // Step 2, case, by RFC 3454 §B.2, which is made for step 3, NFKC: Unicode D146 has the two in this order
  const folded = foldCase(foldCase(mapped.normalize('NFD')).normalize('NFKD')).normalize('NFKC');
  // Step 4, Prohibit
  if (PROHIBITED.test(folded)) return undefined;
  // Step 6, Insignificant Character Removal
  return withoutInsignificantSpaces(folded);
}

/**
 * Full case folding by the runtime's case mappings: for every code point it gives the result of Unicode's
 * CaseFolding.txt (C and F), except for Cherokee, which it folds consistently to the other case. Two exceptions:
 * dotless i is not a form of i, though its capital is I; and the final sigma depends on its neighbours.
 */
function foldCase(text: string): string {
  return text
    .split('ı')
    .map((part) => part.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ'))
    .join('ı');
}

/** §2.6.1: none at the ends, and one for many. A space with a combining mark does not count as a space. */
function withoutInsignificantSpaces(text: string): string {
  return text
    .replaceAll(/ +(?!\p{M})/gu, ' ')
    .replace(/^ (?!\p{M})/u, '')
    .replace(/ $/, '');
}
