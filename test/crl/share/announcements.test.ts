// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { afterEach, beforeEach, expect } from '@jest/globals';
import { createSecureContext } from 'node:tls';
import { Announcements } from '../../../src/crl/share/announcements.js';
import { RedisConnection } from '../../../src/crl/share/redis-connection.js';
import { parseRedisUrl } from '../../../src/config/redis-url.js';
import { Logger, type LogRecord } from '../../../src/log.js';
import { withComponent } from '../../component.js';
import { RedisProcess } from './redis-process.js';
import { NAMES } from './sharing-host.js';
import { until } from '../../until.js';

const test = withComponent('redis-server');
const KNOWN = 'http://crl.example/ca.crl';
const OTHER = 'http://crl.example/other.crl';

let redis: RedisProcess;
let connection: RedisConnection;
let announcements: Announcements;
let heeded: string[];
let outcome: 'done' | 'again';
let records: LogRecord[];
/** ms; time passes when the test says so. */
let now: number;
let subscribed: number;

beforeEach(async () => {
  heeded = [];
  records = [];
  outcome = 'done';
  now = Date.now();
  subscribed = 0;
  redis = await RedisProcess.start();
  const log = new Logger('info', 'test', (record) => void records.push(record));
  connection = new RedisConnection({
    address: parseRedisUrl(redis.url)!,
    secureContext: createSecureContext(),
    timeout: 60_000,
    purpose: 'tests',
    log,
    onUp: () => void announcements.subscribe().then(() => subscribed++),
  });
  announcements = new Announcements({
    connection,
    channel: NAMES.channel,
    watched: () => new Map([[KNOWN, 1]]),
    onAnnounced: (url) => {
      heeded.push(url);
      return Promise.resolve(outcome);
    },
    log,
    now: () => now,
    random: () => 0,
  });
  await until(
    () => [subscribed, heeded.length],
    ([times, looks]) => times === 1 && looks === 1,
  );
  heeded = [];
  now += 10_000;
});
afterEach(async () => {
  announcements.close();
  connection.close();
  await redis.stop();
});

const announce = (url: string) => redis.client().publish(NAMES.channel, url);
const receivedAll = (count: number) =>
  until(
    () => announcements.received,
    (received) => received >= count,
  );
const heededAll = (count: number) =>
  until(
    () => heeded.length,
    (looks) => looks >= count,
  );

test('word of a URL in use is heeded, of any other not', async () => {
  await announce(OTHER);
  await announce('x'.repeat(100_000));
  await announce(KNOWN);
  await heededAll(1);
  expect(heeded).toEqual([KNOWN]);
});

test('word that comes again and again is heeded now and then', async () => {
  for (let n = 0; n < 500; n++) await announce(KNOWN);
  await receivedAll(500);
  await heededAll(1);
  await announce(KNOWN);
  await receivedAll(501);
  expect(heeded).toHaveLength(1);
  // It is put off, and not forgotten.
  now += 5000;
  await heededAll(2);
});

test('what cannot be looked at now is looked at later', async () => {
  outcome = 'again';
  await announce(KNOWN);
  await heededAll(1);
  outcome = 'done';
  now += 5000;
  await heededAll(2);
});

test('what was said while the connection was down is caught up with', async () => {
  await redis.kill();
  await redis.startAgain();
  await heededAll(1);
  expect(heeded).toEqual([KNOWN]);
});

test('a flood makes it leave the channel for a while', async () => {
  const flood = redis.client().pipeline();
  for (let n = 0; n < 6000; n++) flood.publish(NAMES.channel, OTHER);
  await flood.exec();
  await until(
    () => records,
    (lines) => lines.some(({ message }) => message.includes('its channel is left')),
  );
  expect(connection.isUp).toBe(false);
  expect(heeded).toEqual([]);
});
