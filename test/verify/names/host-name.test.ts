import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HostSet, parseHost } from '../../../src/verify/names/host-name.js';

const label = fc.constantFrom('a', 'b', 'aa', 'x-1');
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

test('a set of hosts and domains covers what any of them covers by itself', () => {
  fc.assert(
    fc.property(fc.array(host), fc.array(fc.oneof(host, fc.constant(''))), host, (hosts, domains, name) => {
      const set = new HostSet();
      for (const one of hosts) set.addHost(one);
      for (const one of domains) set.addDomain(one);
      const isBeneath = (domain: string): boolean => domain === '' || name.endsWith(`.${domain}`);
      expect(set.covers(name)).toBe(hosts.includes(name) || domains.some(isBeneath));
      expect(set.touches(name)).toBe(set.covers(name));
    }),
  );
});

test('a wildcard is covered with all it stands for, and touched with any of it', () => {
  const worlds = ['a', 'b', 'aa', 'x-1', 'zz'];
  fc.assert(
    fc.property(fc.array(host), fc.array(host), host, (hosts, domains, base) => {
      const set = new HostSet();
      for (const one of hosts) set.addHost(one);
      for (const one of domains) set.addDomain(one);
      const instances = worlds.map((first) => set.covers(`${first}.${base}`));
      // No finite list of hosts covers it: `zz` stands for every label that is not among them.
      expect(set.covers(`*.${base}`)).toBe(instances.every(Boolean));
      expect(set.touches(`*.${base}`)).toBe(instances.some(Boolean));
    }),
  );
});

test.each([
  ['a'.repeat(63), true],
  ['a'.repeat(64), false],
  [Array.from({ length: 127 }, () => 'a').join('.'), true],
  [`${Array.from({ length: 127 }, () => 'a').join('.')}.a`, false],
  ['_sip._tcp.example.com', true],
  ['-a-.example.com', true],
  ['a.', false],
  ['.a', false],
  ['', false],
  ['ä.example', false],
])('%s is a host name: %s', (text, isHost) => {
  expect(parseHost(text) !== undefined).toBe(isHost);
});
