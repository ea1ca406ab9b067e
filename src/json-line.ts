/** JSON on one line. Characters that end a line or are invisible are written as `\uXXXX`. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value);
  return PRINTED.test(text) ? text : text.replaceAll(UNSEEN, escapeUnits);
}

const PRINTED = /^[\x20-\x7e]*$/;
/** Control characters, separators of lines and paragraphs, marks of writing direction, characters without width. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function escapeUnits(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += String.raw`\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
