import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EntryReader } from '../../src/x509/crl-entry.js';
import { EntryBlock } from '../../src/x509/entry-block.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';

const UTC_TIME = 0x17;
const entry = (serial: bigint | number, time: string, ...extensions: readonly der.Der[]): Buffer =>
  Buffer.from(
    der.sequence(
      der.integer(serial),
      der.element(UTC_TIME, Buffer.from(time, 'latin1')),
      ...(extensions.length === 0 ? [] : [der.sequence(...extensions)]),
    ),
  );

interface Said {
  readonly serial: string;
  readonly date: number;
  readonly reason: number;
}

/** What a block takes of the entries, in as many readings as it needs. */
function byBlock(bytes: Buffer, size: number): readonly Said[] {
  const block = new EntryBlock(bytes, size);
  const said: Said[] = [];
  for (let at = 0; at < bytes.length;) {
    at = block.readPlain(at, bytes.length);
    if (block.count === 0) break;
    for (let i = 0; i < block.count; i++) {
      const serial = bytes.toString('hex', block.serialsFrom[i], block.serialsTo[i]);
      said.push({ serial, date: block.seconds[i]! * 1000, reason: block.reasons[i]! });
    }
  }
  return said;
}

function byGrammar(bytes: Buffer): readonly Said[] {
  const reader = new EntryReader(bytes);
  const said: Said[] = [];
  for (let at = 0; at < bytes.length;) {
    at = reader.readAny(at, bytes.length);
    const { serialFrom, serialTo, date, reason } = reader;
    said.push({ serial: bytes.toString('hex', serialFrom, serialTo), date, reason });
  }
  return said;
}

function grammarTakes(bytes: Buffer): boolean {
  try {
    return byGrammar(bytes).length === 1;
  } catch {
    return false;
  }
}

const anySerial = fc.bigInt({ min: -(1n << 159n), max: (1n << 159n) - 1n });
const anyDate = fc.date({
  min: new Date('1950-01-01T00:00:00Z'),
  max: new Date('2049-12-31T23:59:59Z'),
  noInvalidDate: true,
});
const anyReason = fc.constantFrom(undefined, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10);

test('blocks of any size say of plain entries what the grammar says, and miss none', () => {
  const property = fc.property(
    fc.array(fc.tuple(anySerial, anyDate, anyReason), { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 1, max: 50 }),
    (entries, size) => {
      const bytes = Buffer.concat(
        entries.map(([serial, date, reason]) =>
          entry(serial, utc(date), ...(reason === undefined ? [] : [ext.reasonCode(reason)])),
        ),
      );
      expect(byBlock(bytes, size)).toEqual(byGrammar(bytes));
    },
  );
  fc.assert(property, { numRuns: 200 });
});

test.each([
  '490101000000Z', // 2049
  '500101000000Z', // 1950
  '000229000000Z', // a leap year that ends a century
  '040229235959Z',
  '010228235959Z',
  '991231235959Z',
])('%s is a time', (time) => {
  expect(byBlock(entry(1, time), 4)).toEqual(byGrammar(entry(1, time)));
  expect(byBlock(entry(1, time), 4)).toHaveLength(1);
});

test.each([
  '010229000000Z',
  '240431000000Z',
  '240001000000Z',
  '241301000000Z',
  '240100000000Z',
  '240132000000Z',
  '240101240000Z',
  '240101006000Z',
  '240101000060Z',
  '2401010000a0Z',
  '24010100000:Z',
  '24010100000/Z',
  '2401010000000',
  '2401010000Z',
  '240101000000+0000',
])('%s is none, for the block as for the grammar', (time) => {
  const bytes = entry(1, time);
  expect(grammarTakes(bytes)).toBe(false);
  expect(byBlock(bytes, 4)).toEqual([]);
});

test.each([
  ['a padded serial number', '3013 0202 0001 170d 3234303130313030303030305a'],
  ['a padded negative serial number', '3013 0202 ff80 170d 3234303130313030303030305a'],
  ['no serial number', '3011 0200 170d 3234303130313030303030305a'],
  ['a length that is not the shortest', '308112 020101 170d 3234303130313030303030305a'],
  ['an entry that ends before its date', '3010 020101 170d 3234303130313030303030305a'],
  ['an octet too many', '3013 020101 170d 3234303130313030303030305a 00'],
  ['an entry cut off', '3012 020101 170d 32343031303130303030'],
])('%s is left to the grammar', (_what, hex) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  expect(byBlock(bytes, 4)).toEqual([]);
});

test('an entry of another form ends the block, and what is behind it is read from there on', () => {
  const time = '240101000000Z';
  const plain = entry(1, time, ext.reasonCode(1));
  const others = [
    entry(2, time, ext.extension(OID.reasonCode, der.raw(0x0a, 2, 1, 0))),
    entry(2, time, ext.extension(OID.reasonCode, der.enumerated(1), true)),
    entry(2, time, ext.reasonCode(1), ext.extension(OID.invalidityDate, der.generalizedTime(new Date(0)))),
    der.sequence(der.integer(2), der.time(new Date('2051-01-01T00:00:00Z'))),
  ];
  for (const other of others) {
    const bytes = Buffer.concat([plain, other, plain]);
    const block = new EntryBlock(bytes, 4);
    expect(block.readPlain(0, bytes.length)).toBe(plain.length);
    expect(block).toMatchObject({ count: 1, extended: true });
    expect(block.readPlain(plain.length, bytes.length)).toBe(plain.length);
    expect(block).toMatchObject({ count: 0, extended: false });
    expect(block.readPlain(plain.length + other.length, bytes.length)).toBe(bytes.length);
    expect(block.count).toBe(1);
  }
});

function utc(date: Date): string {
  return `${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`;
}
