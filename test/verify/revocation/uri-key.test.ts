import { expect, test } from '@jest/globals';
import { uriKey } from '../../../src/verify/revocation/uri-key.js';

test.each([
  ['the case of scheme and host', 'HTTP://Crl.Example/A', 'http://crl.example/A'],
  ['the default port', 'http://crl.example:80/a', 'http://crl.example/a'],
  ['an empty port', 'ldap://crl.example:/a', 'ldap://crl.example:389/a'],
  ['an empty path', 'https://crl.example', 'https://crl.example:443/'],
  ['escapes nobody needs', 'http://crl.example/%7Ea%2d', 'http://crl.example/~a-'],
  ['the case of escapes', 'http://crl.example/%c3%a9', 'http://crl.example/%C3%A9'],
  ['dot segments', 'http://crl.example/a/./b/../../c', 'http://crl.example/c'],
  ['a dot segment at the end', 'http://crl.example/a/b/..', 'http://crl.example/a/'],
])('%s does not count: %s is %s', (_what, a, b) => {
  expect(uriKey(a)).toBe(uriKey(b));
});

test.each([
  ['the case of the path', 'http://crl.example/A', 'http://crl.example/a'],
  ['another port', 'http://crl.example:8080/', 'http://crl.example/'],
  ["another scheme's port", 'https://crl.example:80/', 'https://crl.example/'],
  ['the query', 'http://crl.example/?a', 'http://crl.example/?b'],
  ['the case of the query', 'ldap://crl.example/cn=x?a', 'ldap://crl.example/cn=x?A'],
  ['an escaped slash', 'http://crl.example/a%2Fb', 'http://crl.example/a/b'],
  ['an empty segment', 'http://crl.example//a', 'http://crl.example/a'],
  ['the case of what has no authority', 'urn:A', 'urn:a'],
])('%s counts: %s is not %s', (_what, a, b) => {
  expect(uriKey(a)).not.toBe(uriKey(b));
});
