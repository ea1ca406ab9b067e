import { expect, test } from '@jest/globals';
import { parseAllowedDestination } from '../../../src/config/allowed-destination.js';
import { AddressPolicy } from '../../../src/crl/fetch/address-policy.js';

const OWN = new Set(['8.8.4.4', '2606:4700::1']);

function policy(...allowed: readonly string[]): AddressPolicy {
  return new AddressPolicy(
    allowed.map((text) => {
      const destination = parseAllowedDestination(text);
      if (destination === undefined) throw new Error(`${text} allows nothing`);
      return destination;
    }),
  );
}

const at = (allowed: readonly string[], host: string, port: number, address: string) =>
  policy(...allowed).refusalOfAddress(host, port, address, OWN);

test('public addresses may be fetched from at ports 80 and 443, and nothing else may', () => {
  expect(at([], 'crl.example', 80, '8.8.8.8')).toBeUndefined();
  expect(at([], 'crl.example', 443, '2606:4700::1111')).toBeUndefined();
  expect(at([], 'crl.example', 8080, '8.8.8.8')).toMatch(/port 8080 of 8\.8\.8\.8 is neither 80 nor 443/);
  expect(at([], 'crl.example', 80, '10.1.2.3')).toMatch(/10\.1\.2\.3 is a private address; .* crl\.allow/);
  expect(at([], 'crl.example', 80, '64:ff9b::a01:203')).toMatch(/that is 10\.1\.2\.3, is a private address/);
});

test("this machine's own addresses are refused, public as they may be", () => {
  expect(at([], 'crl.example', 80, '8.8.4.4')).toMatch(/address of this machine/);
  expect(at([], 'crl.example', 80, '::ffff:8.8.4.4')).toMatch(/address of this machine/);
  expect(at([], 'crl.example', 80, '2606:4700::1')).toMatch(/address of this machine/);
  expect(at(['8.8.4.4'], 'crl.example', 80, '8.8.4.4')).toBeUndefined();
});

test.each(['fe80::1%eth0', '', '127.1', 'crl.example'])('"%s" cannot be checked and is refused', (text) => {
  expect(at(['0.0.0.0/0', '::/0'], 'crl.example', 80, text)).toMatch(/not an address that can be checked/);
});

test('a range opens its addresses at its port, or at 80 and 443', () => {
  expect(at(['10.0.0.0/8'], 'crl.example', 80, '10.255.0.1')).toBeUndefined();
  expect(at(['10.0.0.0/8'], 'crl.example', 443, '::ffff:10.0.0.1')).toBeUndefined();
  expect(at(['10.0.0.0/8'], 'crl.example', 8080, '10.0.0.1')).toMatch(/private/);
  expect(at(['10.0.0.0/8:8080'], 'crl.example', 8080, '10.0.0.1')).toBeUndefined();
  expect(at(['10.0.0.0/8:8080'], 'crl.example', 80, '10.0.0.1')).toMatch(/private/);
  expect(at(['10.0.0.0/8'], 'crl.example', 80, '11.0.0.1')).toBeUndefined();
  expect(at(['10.0.0.0/8'], 'crl.example', 80, '192.168.0.1')).toMatch(/private/);
  expect(at(['[fd00::/8]:8080'], 'crl.example', 8080, 'fd12::1')).toBeUndefined();
  expect(at(['169.254.169.254'], 'crl.example', 80, '169.254.169.254')).toBeUndefined();
});

test('a range of IPv4 opens no tunnel that leads into it', () => {
  expect(at(['10.0.0.0/8'], 'crl.example', 80, '2002:a00:1::1')).toMatch(/private/);
  expect(at(['10.0.0.0/8'], 'crl.example', 80, '64:ff9b::a00:1')).toMatch(/private/);
});

test('a name opens the addresses of servers, for that name alone and whatever its case', () => {
  expect(at(['crl.corp.example'], 'CRL.corp.example.', 80, '10.0.0.1')).toBeUndefined();
  expect(at(['crl.corp.example'], 'crl.corp.example', 443, '127.0.0.1')).toBeUndefined();
  expect(at(['crl.corp.example:8080'], 'crl.corp.example', 8080, '8.8.8.8')).toBeUndefined();
  expect(at(['crl.corp.example'], 'evil.crl.corp.example', 80, '10.0.0.1')).toMatch(/private/);
  expect(at(['crl.corp.example'], 'corp.example', 80, '10.0.0.1')).toMatch(/private/);
  expect(at(['crl.corp.example'], 'crl.corp.example', 8080, '10.0.0.1')).toMatch(/private/);
});

test.each(['169.254.169.254', '169.254.1.1', '224.0.0.1', '0.0.0.0', '240.0.0.1', 'fe80::1', '64:ff9b:1::1'])(
  'no name opens %s: only the address itself does',
  (address) => {
    expect(at(['crl.corp.example'], 'crl.corp.example', 80, address)).toMatch(/crl\.allow/);
  },
);

test('a port is refused before the name is resolved, unless something is allowed there', () => {
  expect(policy().refusalOfPort('crl.example', 8080)).toMatch(/port 8080 is neither 80 nor 443/);
  expect(policy('10.0.0.0/8:8080').refusalOfPort('crl.example', 8080)).toBeUndefined();
  expect(policy('a.example:8080').refusalOfPort('crl.example', 8080)).toMatch(/neither/);
  expect(policy('crl.example:8080').refusalOfPort('crl.example', 8080)).toBeUndefined();
});

test('with a proxy, names are its to resolve; literal addresses and localhost are still refused', () => {
  const proxied = (allowed: readonly string[], host: string, port: number, literal?: string) =>
    policy(...allowed).refusalOfProxied(host, port, literal, OWN);
  expect(proxied([], 'crl.example', 80)).toBeUndefined();
  expect(proxied([], 'crl.example', 8080)).toMatch(/neither/);
  expect(proxied(['crl.example:8080'], 'crl.example', 8080)).toBeUndefined();
  expect(proxied([], '10.0.0.1', 80, '10.0.0.1')).toMatch(/private/);
  expect(proxied(['10.0.0.0/8'], '10.0.0.1', 80, '10.0.0.1')).toBeUndefined();
  expect(proxied([], 'localhost.', 80)).toMatch(/loopback/);
  expect(proxied([], 'a.localhost', 80)).toMatch(/loopback/);
  expect(proxied(['localhost'], 'localhost', 80)).toBeUndefined();
});
