import { expect, test } from '@jest/globals';
import { unaskable } from '../../../src/crl/fetch/unaskable.js';

const LDAP = 'ldap:///CN=CA,CN=CDP,DC=corp,DC=example?certificateRevocationList?base';

test.each([
  [
    LDAP,
    'FETCH_FAILED',
    /^ldap:.*: ldap is not supported, only http and https are; name another place .* crl\.sources$/,
  ],
  ['ftp://crl.example/a.crl', 'FETCH_FAILED', /^ftp:\/\/crl\.example\/a\.crl: ftp is not supported/],
  ['file:///etc/passwd', 'FETCH_FAILED', /^file:\/\/\/etc\/passwd: file is not supported/],
  ['crl.example/ca.crl', 'FETCH_REFUSED', /^crl\.example\/ca\.crl: it is not a URL$/],
  [
    'http://user:secret@crl.example/a.crl',
    'FETCH_REFUSED',
    /^http:\/\/\*\*\*@crl\.example\/a\.crl: the URL carries/,
  ],
  [
    `http://crl.example/${'a'.repeat(5000)}`,
    'FETCH_REFUSED',
    /^http:\/\/crl\.example\/a+…: the URL is longer/,
  ],
])('what its text alone rules out is said once: %s', (url, code, message) => {
  const failure = unaskable(url);
  expect(failure).toMatchObject({ url, code });
  expect(failure?.message).toMatch(message);
  expect(failure?.message.split(url.slice(0, 30)).length).toBeLessThanOrEqual(2);
});

test('a URL that a server can be asked for', () => {
  expect(unaskable('http://crl.example/a.crl')).toBeUndefined();
  expect(unaskable('HTTPS://crl.example:444/a.crl')).toBeUndefined();
});
