import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isNewer } from '../../../src/verify/revocation/crl-order.js';
import { verify } from '../../../src/verify/verify.js';
import { deltaCrlIndicator, distributionPoints, scope } from '../../pki/crl-extensions.js';
import * as ext from '../../pki/extensions.js';
import { createLeaf, type RevokedEntry } from '../../pki/pki.js';
import { crl, hours, intermediate, root } from '../crl-scene.js';
import { environmentOf, NOW } from '../scene.js';

const URI = 'http://crl.example/shard.crl';
const leaf = createLeaf(intermediate, { extensions: [distributionPoints({ uri: URI })] });
const HOLD = 6;
const REMOVE_FROM_CRL = 8;

const SCOPES = { whole: undefined, users: scope({ userCerts: true }), shard: scope({ uri: URI }) } as const;
const LISTS = { nothing: undefined, hold: HOLD, compromise: 1 } as const;

interface Described {
  readonly scope: keyof typeof SCOPES;
  /** Hours after the oldest. */
  readonly time: number;
  readonly number: number | undefined;
  readonly lists: keyof typeof LISTS;
  readonly isStale: boolean;
}

const entries = (reason: number | undefined): readonly RevokedEntry[] =>
  reason === undefined
    ? []
    : [{ serial: leaf.serial, date: hours(-9), extensions: [ext.reasonCode(reason)] }];

const made = new Map<string, Buffer>();

/** Each is signed once: the same description is the same CRL. */
function crlOf(described: Described): Buffer {
  const name = JSON.stringify(described);
  const known = made.get(name);
  if (known !== undefined) return known;
  const point = SCOPES[described.scope];
  const bytes = crl(intermediate, {
    thisUpdate: hours(-8 + described.time),
    nextUpdate: hours(described.isStale ? -1 : 5),
    revoked: entries(LISTS[described.lists]),
    extensions: [
      ext.authorityKeyIdentifier(intermediate.key.spki),
      ...(described.number === undefined ? [] : [ext.crlNumber(described.number)]),
      ...(point === undefined ? [] : [point]),
    ],
  });
  made.set(name, bytes);
  return bytes;
}

/** The rule in its plainest form: what nothing newer of the same scope replaces counts, and a revocation stands. */
function wanted(all: readonly Described[]): string {
  const counting = all.filter(
    (one) => !all.some((other) => other.scope === one.scope && isSurelyNewer(other, one)),
  );
  if (counting.some(({ lists }) => lists !== 'nothing')) return 'REVOKED';
  return counting.some(({ isStale }) => !isStale) ? 'OK' : 'CRL_STALE';
}

function isSurelyNewer(a: Described, b: Described): boolean {
  if (a.time === b.time) return a.number !== undefined && b.number !== undefined && a.number > b.number;
  return a.time > b.time && !(a.number !== undefined && b.number !== undefined && a.number < b.number);
}

interface Places {
  readonly given: readonly Uint8Array[];
  readonly stored: readonly Uint8Array[];
}

function judge({ given, stored }: Places): object {
  const environment = environmentOf({ anchors: [root], stored: [crl(root), ...stored], now: NOW });
  const certificates = [leaf.der, intermediate.der];
  const { code, message, validUntil, revocation } = verify(
    { certificates, crls: given, revocation: 'hard' },
    environment,
  );
  const [{ reason } = {}] = revocation;
  return { code, message: message.replaceAll(/\((?:request|store)\)/g, ''), validUntil, reason };
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((first, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [first].concat(rest)),
  );
}

/** In every order, and in every division between the request and the store. */
function* arrangements(crls: readonly Uint8Array[]): Generator<Places> {
  for (const order of permutations(crls)) {
    for (let split = 0; split <= order.length; split++)
      yield { given: order.slice(0, split), stored: order.slice(split) };
  }
}

const described: fc.Arbitrary<Described> = fc.record({
  scope: fc.constantFrom('whole', 'users', 'shard'),
  time: fc.constantFrom(0, 0, 1, 2),
  number: fc.constantFrom(undefined, 1, 1, 2),
  lists: fc.constantFrom('nothing', 'nothing', 'hold', 'compromise'),
  isStale: fc.constantFrom(false, false, true),
});

test('the verdict is that of the CRLs at hand, whatever order and place they come in', () => {
  const property = (all: readonly Described[]): void => {
    const verdicts = [...arrangements(all.map(crlOf))].map(judge);
    for (const verdict of verdicts) expect(verdict).toEqual(verdicts[0]);
    expect(verdicts[0]).toMatchObject({ code: wanted(all) });
  };
  fc.assert(fc.property(fc.array(described, { minLength: 1, maxLength: 3 }), property), { numRuns: 60 });
  fc.assert(fc.property(fc.array(described, { minLength: 4, maxLength: 4 }), property), { numRuns: 2 });
});

test.each(['whole', 'users', 'shard'] as const)(
  'of two CRLs of one key, time and number the one that lists stands (%s)',
  (kind) => {
    for (const number of [undefined, 1]) {
      const tie = { scope: kind, time: 1, number, isStale: false } as const;
      for (const lists of ['hold', 'compromise'] as const) {
        const pair = [crlOf({ ...tie, lists: 'nothing' }), crlOf({ ...tie, lists })];
        for (const places of arrangements(pair)) expect(judge(places)).toMatchObject({ code: 'REVOKED' });
      }
    }
  },
);

test('an older CRL of a part that lists stands against a newer one of the whole that does not', () => {
  const part = crlOf({ scope: 'shard', time: 0, number: 1, lists: 'compromise', isStale: true });
  const whole = crlOf({ scope: 'whole', time: 2, number: 2, lists: 'nothing', isStale: false });
  for (const places of arrangements([part, whole])) expect(judge(places)).toMatchObject({ code: 'REVOKED' });
  const newerPart = crlOf({ scope: 'shard', time: 1, number: 2, lists: 'nothing', isStale: true });
  for (const places of arrangements([part, whole, newerPart]))
    expect(judge(places)).toMatchObject({ code: 'OK' });
});

interface DescribedDelta {
  readonly time: number;
  readonly number: number;
  readonly baseNumber: number;
  readonly reason: number | undefined;
}

const deltaOf = ({ time, number, baseNumber, reason }: DescribedDelta): Buffer =>
  crl(intermediate, {
    thisUpdate: hours(-8 + time),
    nextUpdate: hours(5),
    revoked: entries(reason),
    extensions: [
      ext.authorityKeyIdentifier(intermediate.key.spki),
      ext.crlNumber(number),
      deltaCrlIndicator(baseNumber),
    ],
  });

test.each([
  ['one removes the hold, the other keeps quiet', HOLD, [REMOVE_FROM_CRL, undefined], 'REVOKED'],
  ['one removes the hold, the other renews it', HOLD, [REMOVE_FROM_CRL, HOLD], 'REVOKED'],
  ['both remove the hold', HOLD, [REMOVE_FROM_CRL, REMOVE_FROM_CRL], 'OK'],
  ['one of them revokes', undefined, [undefined, 1], 'REVOKED'],
  ['neither revokes', undefined, [undefined, REMOVE_FROM_CRL], 'OK'],
  ['both remove what is no hold', 1, [REMOVE_FROM_CRL, REMOVE_FROM_CRL], 'REVOKED'],
] as const)('two delta CRLs of one time and number: %s', (_what, held, reasons, code) => {
  const base = crl(intermediate, {
    thisUpdate: hours(-8),
    nextUpdate: hours(5),
    revoked: entries(held),
    extensions: [ext.authorityKeyIdentifier(intermediate.key.spki), ext.crlNumber(5)],
  });
  const deltas = reasons.map((reason) => deltaOf({ time: 1, number: 6, baseNumber: 5, reason }));
  for (const places of arrangements([base, ...deltas])) expect(judge(places)).toMatchObject({ code });
});

test('a delta CRL that updates no base at hand revokes until a newer one that reaches back as far says otherwise', () => {
  const base = crl(intermediate, {
    thisUpdate: hours(-8),
    nextUpdate: hours(5),
    extensions: [ext.authorityKeyIdentifier(intermediate.key.spki), ext.crlNumber(1)],
  });
  const listing = deltaOf({ time: 1, number: 6, baseNumber: 5, reason: HOLD });
  const codes = (newer: DescribedDelta): unknown[] => [
    ...new Set(
      [...arrangements([base, listing, deltaOf(newer)])].map((places) => Reflect.get(judge(places), 'code')),
    ),
  ];
  expect(codes({ time: 2, number: 7, baseNumber: 6, reason: undefined })).toEqual(['REVOKED']);
  expect(codes({ time: 2, number: 7, baseNumber: 5, reason: undefined })).toEqual(['OK']);
  expect(codes({ time: 1, number: 6, baseNumber: 5, reason: undefined })).toEqual(['REVOKED']);
  expect(codes({ time: 2, number: 5, baseNumber: 5, reason: undefined })).toEqual(['REVOKED']);
});

test('one CRL is newer than another only beyond doubt', () => {
  const at = (thisUpdate: number, number: bigint | null): { thisUpdate: number; number: bigint | null } => ({
    thisUpdate,
    number,
  });
  expect(isNewer(at(2, 1n), at(1, 1n))).toBe(true);
  expect(isNewer(at(2, null), at(1, 7n))).toBe(true);
  expect(isNewer(at(1, 2n), at(1, 1n))).toBe(true);
  for (const [a, b] of [
    [at(1, 1n), at(1, 1n)],
    [at(1, null), at(1, null)],
    [at(1, null), at(1, 1n)],
    [at(2, 1n), at(1, 2n)],
  ] as const) {
    expect([isNewer(a, b), isNewer(b, a)]).toEqual([false, false]);
  }
});
