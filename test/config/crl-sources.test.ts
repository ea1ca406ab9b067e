import { expect, test } from '@jest/globals';
import { checkCrlSources } from '../../src/config/crl-sources.js';
import { Findings } from '../../src/config/problems.js';

function sources(value: unknown) {
  const findings = new Findings();
  const checked = checkCrlSources({ key: 'crl.sources', value, origin: 'FILE', folder: '/base' }, findings);
  return { checked, problems: findings.problems };
}

test('a source names an issuer or has its certificate, and a URL or a file', () => {
  const value = [
    { issuer: 'CN=CA', url: 'http://crl.example/' },
    { certificate: 'ca.pem', file: 'ca.crl' },
  ];
  expect(sources(value)).toEqual({
    checked: [
      { issuer: { kind: 'name', text: 'CN=CA' }, from: { kind: 'url', url: 'http://crl.example/' } },
      {
        issuer: { kind: 'certificate', path: '/base/ca.pem' },
        from: { kind: 'file', path: '/base/ca.crl' },
      },
    ],
    problems: [],
  });
});

test.each([
  [{ issuer: 'CN=CA', url: 'http://a/' }, /not a list of maps/],
  [['http://a/'], /sources\[0\]: .*not a map/],
  [[{ url: 'http://a/' }], /sources\[0\]: has neither of issuer and certificate/],
  [[{ issuer: 'CN=CA', certificate: 'a', url: 'http://a/' }], /has both of issuer and certificate/],
  [[{ issuer: 'CN=CA' }], /has neither of url and file/],
  [[{ issuer: 'CN=CA', uri: 'http://a/' }], /uri: a source has no such field \(did you mean url\?\)/],
  [[{ issuer: 5, url: 'http://a/' }], /sources\[0\]\.issuer: 5 .*is not a text/],
])('%j is refused', (value, why) => {
  const { checked, problems } = sources(value);
  expect(checked).toEqual([]);
  expect(problems.join('\n')).toMatch(why);
});
