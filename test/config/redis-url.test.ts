import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import { parseRedisUrl, showRedisAddress } from '../../src/config/redis-url.js';

test.each([
  ['redis://cache.example', { kind: 'tcp', host: 'cache.example', port: 6379 }, 0],
  ['redis://cache.example:7000/3', { kind: 'tcp', host: 'cache.example', port: 7000 }, 3],
  ['rediss://[fd00::1]:6380', { kind: 'tls', host: 'fd00::1', port: 6380 }, 0],
  ['unix:/run/redis/redis.sock', { kind: 'unix', path: '/run/redis/redis.sock' }, 0],
  ['unix:/run/redis.sock?db=2', { kind: 'unix', path: '/run/redis.sock' }, 2],
])('%s is a place of Redis', (text, at, db) => {
  expect(parseRedisUrl(text)).toEqual({ at, db, username: undefined, password: undefined });
});

test('user and password are read with their escapes, and never shown', () => {
  for (const text of ['rediss://pk%40:p%2Fw%3A@cache:1', 'unix:/r.sock?username=pk%40&password=p%2Fw%3A']) {
    const address = parseRedisUrl(text)!;
    expect(address).toMatchObject({ username: 'pk@', password: 'p/w:' });
    expect(showRedisAddress(address)).not.toMatch(/pk|p\/w|p%2F/);
  }
  expect(showRedisAddress(parseRedisUrl('rediss://u:p@[fd00::1]:6380/4')!)).toBe('rediss://[fd00::1]:6380/4');
});

test.each([
  'cache.example:6379',
  'http://cache.example',
  'redis://',
  'redis://cache:99999',
  'redis://cache/first',
  'redis://cache?db=1',
  'redis://cache/1#x',
  'redis://u:%E0%A4%A@cache',
  'unix:',
  'unix:/r.sock?password=x&databse=1',
  'unix:/r.sock?db=-1',
  `unix:/${'x'.repeat(107)}`,
])('%s is none', (text) => {
  expect(parseRedisUrl(text)).toBeUndefined();
});

test('a problem with crl.redis says where it stands, and not the password in it', () => {
  const load = (): unknown =>
    loadConfig({ env: { PKIXD_CRL_REDIS: 'redis:/u:hunter2@cache' }, cwd: '/nowhere', flags: {} });
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(/crl\.redis: what PKIXD_CRL_REDIS says is none of/);
  expect(load).not.toThrow(/hunter2/);
});

test('a relative socket lies in the folder of what names it, and an empty text is no Redis', () => {
  const redis = (value: string): string =>
    loadConfig({ env: {}, cwd: '/srv', flags: { 'crl.redis': value } })['crl.redis'];
  expect(redis('unix:run/redis.sock?db=1')).toBe('unix:/srv/run/redis.sock?db=1');
  expect(redis('')).toBe('');
});
