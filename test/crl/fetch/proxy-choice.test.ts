import { expect, test } from '@jest/globals';
import { parseFetchUrl } from '../../../src/crl/fetch/fetch-url.js';
import { chooseProxy } from '../../../src/crl/fetch/proxy-choice.js';

const choose = (setting: string, env: Readonly<Record<string, string>>, url: string) =>
  chooseProxy(setting, env)(parseFetchUrl(url));

const ENV = { HTTP_PROXY: 'http://web:1', HTTPS_PROXY: 'http://tls:2' };

test('the environment has a proxy for each scheme; lower case goes first, and a bare host means http', () => {
  expect(choose('environment', ENV, 'http://crl.example/')).toBe('http://web:1');
  expect(choose('environment', ENV, 'https://crl.example/')).toBe('http://tls:2');
  expect(choose('environment', { ...ENV, http_proxy: 'http://low:3' }, 'http://a/')).toBe('http://low:3');
  expect(choose('environment', { ...ENV, http_proxy: '' }, 'http://a/')).toBeUndefined();
  expect(choose('environment', { http_proxy: 'low:3' }, 'http://a/')).toBe('http://low:3');
  expect(choose('environment', {}, 'http://crl.example/')).toBeUndefined();
});

test('crl.proxy goes over the environment', () => {
  expect(choose('none', ENV, 'http://crl.example/')).toBeUndefined();
  expect(choose('http://own:4', ENV, 'https://crl.example/')).toBe('http://own:4');
  expect(choose('http://own:4', { NO_PROXY: 'crl.example' }, 'http://crl.example/')).toBeUndefined();
});

test.each([
  ['*', 'http://crl.example/'],
  ['crl.example', 'http://crl.example/'],
  ['example', 'http://crl.example/'],
  ['.example', 'http://crl.example/'],
  ['*.example', 'http://crl.example/'],
  ['CRL.Example', 'http://crl.example./'],
  ['other, crl.example:80', 'http://crl.example/'],
  ['10.0.0.0/8', 'http://10.1.2.3/'],
  ['10.1.2.3', 'http://10.1.2.3/'],
  ['10.1.2.3:80', 'http://10.1.2.3/'],
  ['::1', 'http://[::1]/'],
  ['[::1]:80', 'http://[::1]/'],
  ['fd00::/8', 'http://[fd12::1]/'],
])('NO_PROXY=%s exempts %s', (list, url) => {
  expect(choose('environment', { ...ENV, NO_PROXY: list }, url)).toBeUndefined();
});

test.each([
  ['', 'http://crl.example/'],
  ['l.example', 'http://crl.example/'],
  ['a.crl.example', 'http://crl.example/'],
  ['crl.example:8080', 'http://crl.example/'],
  ['.', 'http://crl.example/'],
  ['10.0.0.0/8', 'http://11.1.2.3/'],
  ['2.3', 'http://10.1.2.3/'],
])('NO_PROXY=%s does not exempt %s', (list, url) => {
  expect(choose('environment', { ...ENV, NO_PROXY: list }, url)).toBe('http://web:1');
});
