/**
 * A value of the configuration as it may be shown and logged: what may be a user name and a password, in a URL or in
 * what was meant to be one, is left out. A password may hold any character, so everything is up to the last `@`.
 */
export function withoutSecrets(text: string): string {
  const plain = text.replaceAll(/(?<=\bpassword=)[^&\s"]+/gi, '***');
  const at = plain.lastIndexOf('@');
  if (at === -1) return plain;
  const authority = plain.indexOf('//') + 2;
  const shown = authority >= 2 && authority <= at ? plain.slice(0, authority) : '';
  return `${shown}***${plain.slice(at)}`;
}
