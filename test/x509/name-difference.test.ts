import { expect, test } from '@jest/globals';
import { DerReader } from '../../src/x509/der.js';
import { nameDifference } from '../../src/x509/name-difference.js';
import { type Name, readName } from '../../src/x509/name.js';
import * as der from '../pki/der-builder.js';
import { INCOMPARABLE, PAIRS_OF_TYPES, STRING_WRITERS } from '../pki/strings.js';

const read = (bytes: der.Der): Name => readName(new DerReader(bytes), 'name');
const cn = (value: string | der.Der): Name => read(der.name(['2.5.4.3', value]));

test('names that are the same do not differ, names that do not look alike are not compared', () => {
  expect(nameDifference(cn('Root'), cn(der.bmpString('ROOT ')))).toBeUndefined();
  expect(nameDifference(cn('Root'), cn('Leaf'))).toBeUndefined();
  expect(nameDifference(cn('Root'), cn('Root 2'))).toBeUndefined();
  expect(nameDifference(cn('Root'), read(der.name(['2.5.4.10', 'Root'])))).toBeUndefined();
  expect(nameDifference(cn('Root'), read(der.name(['2.5.4.3', 'Root'], ['2.5.4.3', 'x'])))).toBeUndefined();
  const long = 'x'.repeat(3000);
  expect(nameDifference(cn(long), cn(STRING_WRITERS.TeletexString(long)))).toBeUndefined();
});

test('of two string types with one text the names of the types are told', () => {
  for (const [a, b] of PAIRS_OF_TYPES) {
    const isTold = a !== b && (a === 'TeletexString' || b === 'TeletexString');
    const difference = nameDifference(cn(STRING_WRITERS[a]('4711')), cn(STRING_WRITERS[b]('4711')));
    expect(difference).toBe(isTold ? `CN=4711 (${a}) is not CN=4711 (${b})` : undefined);
  }
});

test.each([
  ['another alphabet', 'R\u043eot', 'Root', 'U+043E', 'U+006F'],
  ['a space', 'Ro ot', 'Root', 'U+0020', 'U+006F'],
  ['letters that look like digits', 'Root l', 'Root 1', 'U+006C', 'U+0031'],
  ['a mark', 'R\u00f6ot', 'Root', 'U+00F6', 'U+006F'],
  ['a character of no look at the end', 'Root\u2066', 'Root', 'U+2066', 'nothing'],
])('%s is told by its code point', (_what, a, b, own, other) => {
  expect(nameDifference(cn(a), cn(b))).toMatch(
    new RegExp(
      `: ${own.replace('+', String.raw`\+`)} stands where the other has ${other.replace('+', String.raw`\+`)}$`,
    ),
  );
});

test.each(INCOMPARABLE)('%s is looked at without harm', (_what, value) => {
  expect(nameDifference(cn(value), cn('Evil')) ?? '').toMatch(
    /^$|cannot|can be compared|stands where|is not CN=Evil/,
  );
  expect(nameDifference(cn(value), cn(value))).toBeUndefined();
});

test('of a name the beginning can be compared alone', () => {
  const whole = read(der.name(['2.5.4.10', STRING_WRITERS.TeletexString('Bank')], ['2.5.4.3', 'x']));
  const base = read(der.name(['2.5.4.10', 'Bank']));
  expect(nameDifference(whole, base)).toBeUndefined();
  expect(nameDifference(whole, base, 1)).toBe('O=Bank (TeletexString) is not O=Bank (UTF8String)');
});
