/**
 * A value of the configuration in a form that may be shown and logged: user name and password of a URL, or of a
 * mistyped URL, are left out. A password may hold any character, so everything up to the last `@` counts as one.
 */
export function withoutSecrets(text: string): string {
  const plain = text.replaceAll(/(?<=\bpassword=)[^&\s"]+/gi, '***');
  const at = plain.lastIndexOf('@');
  if (at === -1) return plain;
  const authority = plain.indexOf('//') + 2;
  const shown = authority >= 2 && authority <= at ? plain.slice(0, authority) : '';
  return `${shown}***${plain.slice(at)}`;
}
