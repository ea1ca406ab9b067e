import { expect, test } from '@jest/globals';
import { parseFetchUrl } from '../../../src/crl/fetch/fetch-url.js';

test.each([
  ['http://2130706433/', '127.0.0.1'],
  ['http://0x7f.1/', '127.0.0.1'],
  ['http://0x7f000001/', '127.0.0.1'],
  ['http://0177.0.0.01/', '127.0.0.1'],
  ['http://127.1/', '127.0.0.1'],
  ['http://127。0。0。1/', '127.0.0.1'],
  ['http://①②⑦.0.0.1/', '127.0.0.1'],
  ['http://%31%32%37.0.0.1/', '127.0.0.1'],
  ['http://[::ffff:7f00:1]/', '::ffff:7f00:1'],
  ['http://[0:0:0:0:0:0:0:1]/', '::1'],
])('%s is the literal address %s', (text, literal) => {
  expect(parseFetchUrl(text)).toMatchObject({ literal, host: literal });
});

test.each([
  ['http://256.0.0.1/', /not a URL/],
  ['http://1.2.3.4.5/', /not a URL/],
  ['http://0x7f.0x1ffffff/', /not a URL/],
  ['http://[fe80::1%25eth0]/', /not a URL/],
  ['http:// crl.example/', /not a URL/],
  ['crl.example/a.crl', /not a URL/],
  ['http://user@crl.example/', /user name or password/],
  ['http://user:secret@crl.example/', /^(?!.*secret).*user name or password/],
  [`http://crl.example/${'a'.repeat(4096)}`, /longer than 4096/],
  ['javascript:alert(1)', /javascript is not supported/],
])('%s is refused', (text, why) => {
  expect(() => parseFetchUrl(text)).toThrow(why);
});

test('what is asked for has no fragment, and the port of its scheme', () => {
  expect(parseFetchUrl('https://CRL.Example:443/a%20b?c=d#e')).toEqual({
    href: 'https://crl.example/a%20b?c=d',
    isSecure: true,
    origin: 'https://crl.example',
    path: '/a%20b?c=d',
    host: 'crl.example',
    port: 443,
    literal: undefined,
  });
});

test('a redirect may be relative, and is held to the same rules', () => {
  const base = parseFetchUrl('http://crl.example:8080/a/b');
  expect(parseFetchUrl('../c', base)).toMatchObject({ href: 'http://crl.example:8080/c' });
  expect(parseFetchUrl('//0x7f.1/', base)).toMatchObject({ literal: '127.0.0.1' });
  expect(() => parseFetchUrl('file:///etc/passwd', base)).toThrow(/file is not supported/);
});
