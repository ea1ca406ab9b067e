import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decode } from '../../src/wire/codec.js';
import { type Verdict, VERDICT_CODES, type VerdictCode } from '../../src/wire/verdict.js';
import { encodeVerdict } from '../../src/wire/verdict-encoder.js';

const hex = fc.string({
  unit: fc.constantFrom(...Array.from('0123456789abcdef')),
  minLength: 64,
  maxLength: 64,
});
const time = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values);
const anyText = fc.string({ unit: 'grapheme', maxLength: 400 });
const codes = Object.keys(VERDICT_CODES) as readonly VerdictCode[];

const evidence = fc.record(
  {
    cert: hex,
    source: orNull(anyText),
    thisUpdate: orNull(time),
    nextUpdate: orNull(time),
    number: orNull(fc.nat().map(String)),
    state: fc.constantFrom('good' as const, 'revoked' as const, 'unknown' as const),
    reason: fc.constantFrom('keyCompromise', 'certificateHold'),
    date: time,
  },
  { requiredKeys: ['cert', 'source', 'thisUpdate', 'nextUpdate', 'number', 'state'] },
);

const verdict: fc.Arbitrary<Verdict> = fc.record({
  status: fc.constantFrom('valid' as const, 'invalid' as const, 'indeterminate' as const),
  code: fc.constantFrom(...codes),
  message: anyText,
  subject: orNull(anyText),
  issuer: orNull(anyText),
  serial: orNull(hex),
  path: fc.array(hex, { maxLength: 20 }),
  revocation: fc.array(evidence, { maxLength: 20 }),
  policies: fc.array(fc.constantFrom('2.5.29.32.0', '1.3.6.1.4.1.99999.1'), { maxLength: 20 }),
  checkedAt: time,
  validUntil: orNull(time),
});

test('any decoder reads the verdict that was written', () => {
  fc.assert(
    fc.property(verdict, (written) => {
      expect(decode(encodeVerdict(written))).toEqual({ verdict: written });
    }),
  );
});

test('texts of every length, and of every alphabet, come out whole', () => {
  const [sample] = fc.sample(verdict, 1);
  if (!sample) throw new Error('no sample');
  for (const letter of ['a', 'é', '証', '🔏'])
    for (const length of [0, 31, 32, 255, 256, 65_535, 65_536, 70_000]) {
      const written = { ...sample, message: letter.repeat(length) };
      expect(decode(encodeVerdict(written))).toEqual({ verdict: written });
    }
});
