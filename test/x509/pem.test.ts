import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { type PemBlock, PemReader } from '../../src/x509/pem.js';

const block = (label: string, base64: string): string =>
  `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;

function parsePem(text: string): PemBlock[] {
  const reader = new PemReader();
  const blocks = text.split('\n').flatMap((line) => reader.line(line) ?? []);
  reader.finish();
  return blocks;
}

test('blocks are read in order, and text around them is passed over', () => {
  const plain = `notes\n${block('CERTIFICATE', 'AQI=\r')}more\n${block('X509 CRL', 'AwQF\nBgcI')}`;
  expect(parsePem(plain).map(({ label, der }) => [label, der.toString('hex')])).toEqual([
    ['CERTIFICATE', '0102'],
    ['X509 CRL', '030405060708'],
  ]);
});

test.each([
  ['no end', '-----BEGIN CERTIFICATE-----\nAQI=\n', 'BAD_PEM'],
  ['another end', '-----BEGIN CERTIFICATE-----\nAQI=\n-----END X-----\n', 'BAD_PEM'],
  ['a begin inside', '-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n', 'BAD_PEM'],
  ['dashes that begin nothing', '-----BEGN CERTIFICATE-----\n', 'BAD_PEM'],
  ['an empty block', block('CERTIFICATE', ''), 'BAD_BASE64'],
  ['letters that are not base64', block('CERTIFICATE', 'AQ!='), 'BAD_BASE64'],
  ['white space inside a line', block('CERTIFICATE', 'AQ I='), 'BAD_BASE64'],
  ['the URL alphabet', block('CERTIFICATE', '-_8='), 'BAD_BASE64'],
  ['missing padding', block('CERTIFICATE', 'AQI'), 'BAD_BASE64'],
  ['bits left over', block('CERTIFICATE', 'AQJ='), 'BAD_BASE64'],
  ['padding inside', block('CERTIFICATE', 'AQI=AQI='), 'BAD_BASE64'],
])('%s is refused', (_, text, code) => {
  expect(() => parsePem(text)).toThrow(expect.objectContaining({ code }));
});

test('a long block is the same bytes, however it is cut into lines', () => {
  for (const size of [6143, 6144, 6145, 6146, 50_000]) {
    const der = Buffer.alloc(size, 'certificate');
    const base64 = der.toString('base64');
    for (const width of [1, 5, 64, 8192, 100_000]) {
      const lines = base64.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
      expect(parsePem(block('X509 CRL', lines.join('\n')))[0]?.der.equals(der)).toBe(true);
    }
  }
});

test.each([
  ['padding', (base64: string) => `${base64.slice(0, 8190)}==\n${base64}`],
  ['a foreign letter', (base64: string) => `${base64.slice(0, 5000)}!${base64.slice(5001)}`],
  ['a letter too many', (base64: string) => `${base64}\nA`],
])('%s in a long block is refused', (_, spoil) => {
  const base64 = Buffer.alloc(30_000, 'certificate').toString('base64');
  const lines = spoil(base64).replace(/.{64}/g, '$&\n');
  expect(() => parsePem(block('X509 CRL', lines))).toThrow(expect.objectContaining({ code: 'BAD_BASE64' }));
});

test('a block without end is held as its bytes, not as its lines', () => {
  const reader = new PemReader();
  reader.line('-----BEGIN X509 CRL-----');
  const before = liveHeap();
  for (let n = 0; n < 2_000_000; n++) reader.line(n % 2 === 0 ? '' : `AA${n % 10}A`);
  // As 3,000,000 bytes outside the heap; as lines it would be some 60 MB inside.
  expect(liveHeap() - before).toBeLessThan(30_000_000);
  expect(reader.openLabel).toBe('X509 CRL');
});

/** Bytes of the heap behind a full garbage collection: what is held, not what lies about. */
function liveHeap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
