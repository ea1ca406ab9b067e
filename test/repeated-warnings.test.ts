import { expect, test } from '@jest/globals';
import { hostOf, RepeatedWarnings } from '../src/repeated-warnings.js';

type Line = readonly [string, Readonly<Record<string, unknown>> | undefined];

function setUp() {
  const lines: Line[] = [];
  const clock = { now: 0 };
  const log = {
    warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void lines.push([message, fields]),
  };
  return { lines, clock, warnings: new RepeatedWarnings(log, () => clock.now) };
}

test('of one kind and place one line a minute is written, and the next says how many were left out', () => {
  const { lines, clock, warnings } = setUp();
  for (let n = 0; n < 1500; n++) warnings.warn('dead', 'a', { n });
  clock.now = 59_999;
  warnings.warn('dead', 'a');
  warnings.warn('dead', 'b');
  warnings.warn('refused', 'a');
  clock.now = 60_000;
  warnings.warn('dead', 'a', { n: 7 });
  warnings.warn('dead', 'a');
  expect(lines).toEqual([
    ['dead', { n: 0 }],
    ['dead', {}],
    ['refused', {}],
    ['dead', { n: 7, before: 1500 }],
  ]);
});

test('however many places there are, the lines of one kind are bounded, and none is forgotten', () => {
  const { lines, clock, warnings } = setUp();
  let told = 0;
  for (let minute = 0; minute < 5; minute++) {
    clock.now = minute * 60_000;
    const before = lines.length;
    for (let n = 0; n < 2000; n++) warnings.warn('dead', `${minute} ${n}`);
    expect(lines.length - before).toBeLessThanOrEqual(21);
  }
  clock.now += 60_000;
  warnings.warn('dead', 'last');
  for (let n = 0; n < 30; n++) warnings.warn('dead', `new ${n}`);
  for (const [, fields] of lines) told += 1 + Number(fields?.['before'] ?? 0);
  expect(told).toBeGreaterThan(9900);
});

test('texts that differ each time share a line, too', () => {
  const { lines, warnings } = setUp();
  for (let n = 0; n < 5000; n++) warnings.warn(`odd ${n}`, '');
  expect(lines.length).toBeLessThanOrEqual(201);
});

test('the place of a URL is its host and port', () => {
  expect(hostOf('http://a.example:8080/x.crl')).toBe('a.example:8080');
  expect(hostOf('ldap:///cn=x')).toBe('ldap:///cn=x');
  expect(hostOf('x'.repeat(5000))).toHaveLength(200);
});
