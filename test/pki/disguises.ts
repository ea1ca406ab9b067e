/** Ways in which people and programs write a DER value otherwise than as DER or PEM. */
export const DISGUISES: readonly (readonly [string, (der: Buffer, pem: string) => string])[] = [
  ['base64 on one line', (der) => der.toString('base64')],
  ...[76, 64, 40, 20].map(
    (width) =>
      [`base64 in lines of ${width}`, (der: Buffer) => wrapped(der.toString('base64'), width)] as const,
  ),
  ['base64url', (der) => der.toString('base64url')],
  ['base64 behind a name', (der) => `ssl_c_der: ${der.toString('base64')}`],
  ['base64 behind a name, in lines', (der) => `leaf=${wrapped(der.toString('base64'), 64)}`],
  ['base64 with percent signs', (der) => encodeURIComponent(der.toString('base64'))],
  ['hexadecimal', (der) => der.toString('hex')],
  ['hexadecimal in lines', (der) => wrapped(der.toString('hex').toUpperCase(), 60)],
  ['octets with colons', (der) => octets(der, ':')],
  ['octets with spaces', (der) => octets(der, ' ')],
  ['a hexadecimal dump', (der) => `00000000  ${octets(der, ' ')}`],
  ['a dump of words', (der) => `00000000: ${der.toString('hex').replaceAll(/.{4}/g, '$& ')}`],
  ['an array in C', (der) => `unsigned char leaf[] = { 0x${octets(der, ', 0x')} };`],
  ['a Buffer in JSON', (der) => JSON.stringify(der)],
  ['PEM in base64', (_, pem) => `tls.crt: ${Buffer.from(pem).toString('base64')}`],
  ['quoted PEM', (_, pem) => pem.replaceAll(/^/gm, '> ')],
  ['commented PEM', (_, pem) => pem.replaceAll(/^/gm, '# ')],
  ['indented PEM', (_, pem) => pem.replaceAll(/^/gm, '    ')],
  ['tabulated PEM', (_, pem) => pem.replaceAll(/^/gm, '\t')],
  ['a PEM string in JSON', (_, pem) => `{"leaf": ${JSON.stringify(pem)}}`],
  ['percent-encoded PEM', (_, pem) => encodeURIComponent(pem)],
  ['PEM as nginx escapes it', (_, pem) => pem.replaceAll(' ', '%20').replaceAll('\n', '%0A')],
  ['PEM on one line', (_, pem) => pem.replaceAll('\n', ' ')],
  ['PEM with long dashes', (_, pem) => pem.replaceAll('--', '—')],
  ['PEM with spaces in its dashes', (_, pem) => pem.replaceAll('-----', '----- ')],
  ['PEM without a dash', (_, pem) => pem.replaceAll('-----', '----')],
  ['PEM in lower case', (_, pem) => pem.replace('BEGIN', 'begin').replace('END', 'end')],
  ['PEM without its BEGIN', (_, pem) => pem.replace(/.*\n/, '')],
  ['DER', (der) => der.toString('latin1')],
];

const wrapped = (text: string, width: number): string =>
  text.replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n');

const octets = (der: Buffer, separator: string): string =>
  Array.from(der, (octet) => octet.toString(16).padStart(2, '0')).join(separator);
