import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';

const load = (flags: Readonly<Record<string, unknown>>, descriptorLimit?: number): string[] => {
  const warnings: string[] = [];
  loadConfig({ env: {}, flags, cwd: '/srv', descriptorLimit, warn: (message) => warnings.push(message) });
  return warnings;
};

test.each([
  [{ 'workers.pingTimeout': '1s' }, /workers\.pingTimeout \(1s\) must exceed workers\.pingInterval \(1s\)/],
  [
    { 'connection.maxPipelined': '8' },
    /maxPipelined \(8\) must not be less than connection\.maxInFlight \(64\)/,
  ],
  [{ 'workers.min': '9', 'workers.max': '8' }, /workers\.min \(9\) must not exceed workers\.max \(8\)/],
  [{ 'request.maxHeld': '4MiB' }, /maxHeld \(4MiB\) must not be less than request\.maxSize \(8MiB\)/],
  [{ 'request.maxSize': '32KiB' }, /maxSize \(32KiB\) must not be less than request\.maxLine \(64KiB\)/],
  [{ 'crl.connectTimeout': '20s' }, /connectTimeout \(20s\) must not exceed crl\.stallTimeout \(10s\)/],
  [{ 'crl.fetchTimeout': '5s' }, /stallTimeout \(10s\) must not exceed crl\.fetchTimeout \(5s\)/],
  [{ 'crl.maxParallel': '2' }, /maxParallelPerHost \(4\) must not exceed crl\.maxParallel \(2\)/],
  [{ 'crl.retry': '1h' }, /crl\.retry \(1h\) must not exceed crl\.maxRetry \(10m\)/],
  [{ 'crl.redisMaxWait': '100ms' }, /redisTimeout \(500ms\) must not exceed crl\.redisMaxWait \(100ms\)/],
  [{ 'profile.default': 'webkpi' }, /no profile "webkpi" \(did you mean webpki\?\)/],
  [{ 'run.directory': `/${'x'.repeat(100)}` }, /control socket would be .* too long/],
  [{ listen: 'unix:run/control.sock' }, /path of the control socket/],
])('%j is refused, quoting both sides', (flags, message) => {
  expect(() => load(flags)).toThrow(message);
});

test('a drain shorter than a task may run is allowed with a warning', () => {
  expect(load({ 'drain.timeout': '1s' })).toEqual([
    expect.stringMatching(/drain\.timeout \(1s\) is less than threads\.taskTimeout \(5s\)/),
  ]);
});

test('a Redis that may use up what a request waits is warned of, and only where there is one', () => {
  expect(load({ 'crl.redis': 'redis://cache', 'crl.redisMaxWait': '10s' })).toEqual([
    expect.stringMatching(/crl\.redisMaxWait \(10s\) is not less than crl\.maxWait \(10s\)/),
  ]);
  expect(load({ 'crl.redisMaxWait': '10s' })).toEqual([]);
});

test('connections asked for beyond the limit of open files are refused, a default beyond it is a warning', () => {
  expect(() => load({ 'connection.max': '2000' }, 2048)).toThrow(
    /2000 connections.*2048 open files less 128.*at most 1920/,
  );
  expect(load({ 'connection.max': '1920' }, 2048)).toEqual([]);
  expect(load({}, 4096)).toEqual([expect.stringMatching(/connection\.max: 10000 connections/)]);
});

test('a listener open to other hosts that lets clients choose what is trusted is warned of', () => {
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
  };
  const listener = (host: string): object => ({ address: `tcp://${host}:1`, permits: ['anchors', 'status'] });
  loadConfig({
    env: {},
    cwd: '/srv',
    warn,
    flags: { listeners: [listener('0.0.0.0'), listener('127.0.0.1')] },
  });
  expect(warnings).toEqual([expect.stringMatching(/tcp:\/\/0\.0\.0\.0:1.*permits anchors:/)]);
});
