import { expect, test } from '@jest/globals';
import { parseAllowedDestination } from '../../src/config/allowed-destination.js';
import { loadConfig } from '../../src/config/load.js';
import { formatIpRange } from '../../src/ip-range.js';

function shown(text: string): string | undefined {
  const destination = parseAllowedDestination(text);
  if (destination === undefined) return undefined;
  const { host, port } = destination;
  return `${typeof host === 'string' ? host : formatIpRange(host)} ${port ?? 'any'}`;
}

test.each([
  ['CRL.corp.example', 'crl.corp.example any'],
  ['localhost:8080', 'localhost 8080'],
  ['10.0.0.0/8', '10.0.0.0/8 any'],
  ['10.0.0.0/8:8080', '10.0.0.0/8 8080'],
  ['127.0.0.1:65535', '127.0.0.1/32 65535'],
  ['fd00::/8', 'fd00::/8 any'],
  ['::1', '::1/128 any'],
  ['[::1]:8080', '::1/128 8080'],
  ['[fd00::/8]:8080', 'fd00::/8 8080'],
  ['0.0.0.0/0', '0.0.0.0/0 any'],
])('%s allows %s', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each([
  '10.0.0.1/8',
  '10.0.0.0/33',
  '10.0.0',
  '256.0.0.1',
  'http://crl.example',
  'crl.example/a',
  'crl.example:0',
  'crl.example:65536',
  'crl.example:http',
  '*.example',
  '[::1',
  'fd00::/129',
  'a b',
  '-',
])('%s is refused at start, saying what may stand there', (text) => {
  const flags = { 'crl.allow': [text] };
  expect(() => loadConfig({ env: {}, flags, cwd: '/' })).toThrow(
    /crl\.allow: .* is none of hosts and ranges/,
  );
});

test('crl.allow may be empty', () => {
  expect(loadConfig({ env: { PKIXD_CRL_ALLOW: '' }, cwd: '/' })['crl.allow']).toEqual([]);
});

test('aia.hosts are names, names below one and addresses, in lower case, and may be none', () => {
  const hosts = (text: string) => loadConfig({ env: { PKIXD_AIA_HOSTS: text }, cwd: '/' })['aia.hosts'];
  expect(hosts('CA.example, .ca.example,10.0.0.1')).toEqual(['ca.example', '.ca.example', '10.0.0.1']);
  expect(hosts('')).toEqual([]);
});

test.each(['ca.example:80', '10.0.0.0/8', '*.example', '..example', '.', 'http://ca.example/'])(
  'aia.hosts %s is refused',
  (text) => {
    const flags = { 'aia.hosts': [text] };
    expect(() => loadConfig({ env: {}, flags, cwd: '/' })).toThrow(
      /aia\.hosts: .* is none of names of hosts/,
    );
  },
);

test.each(['proxy.example:3128', 'http://', 'http://proxy.example/path', 'socks5://proxy.example', 'off'])(
  'crl.proxy %s is refused',
  (text) => {
    const flags = { 'crl.proxy': text };
    expect(() => loadConfig({ env: {}, flags, cwd: '/' })).toThrow(/crl\.proxy: .* is none of `none`/);
  },
);
