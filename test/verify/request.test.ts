import { expect, test } from '@jest/globals';
import type { VerifyRequest } from '../../src/wire/request.js';
import { ask, createChain, NOW } from './scene.js';

const { root, intermediate, leaf } = createChain();

test.each([
  ['an unknown profile', { profile: 'nope' }, 'UNKNOWN_PROFILE'],
  ['no certificate', { certificates: [] }, 'BAD_ARGUMENT'],
  ['a purpose that is none', { purpose: 'everything' }, 'BAD_ARGUMENT'],
  ['an instant in the future', { at: NOW + 1000 }, 'BAD_ARGUMENT'],
  ['an IP address that is none', { ips: ['1.2.3'] }, 'BAD_ARGUMENT'],
  ['an IP address as host', { hosts: ['127.0.0.1'] }, 'BAD_ARGUMENT'],
  ['a host that is no name', { hosts: ['a..b'] }, 'BAD_ARGUMENT'],
  ['an e-mail address without domain', { emails: ['me'] }, 'BAD_ARGUMENT'],
] satisfies [string, Partial<VerifyRequest>, string][])('%s is refused, not judged', (_, request, code) => {
  expect(() => ask({ anchors: [root] }, [leaf, intermediate], request)).toThrow(
    expect.objectContaining({ code }),
  );
});

test("a request's own anchors stand in place of the profile's", () => {
  const stranger = createChain();
  const anchors = [stranger.root.der];
  expect(ask({ anchors: [root] }, [leaf, intermediate], { anchors }).status).toBe('invalid');
  expect(ask({ anchors: [root] }, [stranger.leaf, stranger.intermediate], { anchors }).status).toBe('valid');
});
