import { expect, test } from '@jest/globals';
import { isGzipEncoded } from '../../../src/crl/fetch/response-headers.js';

const of = (value: string | string[] | undefined) => () => isGzipEncoded({ 'content-encoding': value });

test.each([
  [undefined],
  [''],
  ['identity'],
  ['none'],
  ['None'],
  ['binary'],
  ['BINARY'],
  ['UTF-8'],
  ['utf8'],
  ['8bit'],
  ['7bit'],
  ['iso-8859-1'],
  ['application/pkix-crl'],
  ['der'],
  [' , '],
  ['identity, none'],
  [['none', 'binary']],
])('Content-Encoding %j names no coding: the octets are as they came', (value) => {
  expect(of(value)()).toBe(false);
});

test.each([['gzip'], ['GZIP'], ['x-gzip'], ['gzip, identity'], ['none,gzip'], [' gzip ']])(
  'Content-Encoding %j is gzip',
  (value) => {
    expect(of(value)()).toBe(true);
  },
);

test.each([['br'], ['deflate'], ['zstd'], ['compress'], ['xz'], ['gzip, br'], ['gzip, gzip'], ['none, br']])(
  'Content-Encoding %j was not asked for',
  (value) => {
    expect(of(value)).toThrow(/Content-Encoding is .*, which was not asked for/);
  },
);
