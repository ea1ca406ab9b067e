import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { firstCurrent, headStartFor, MAX_BESIDE } from '../../../src/crl/supply/first-current.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** What an address does, and after how many ms. */
interface Manner {
  readonly kind: 'good' | 'bad' | 'hangs';
  readonly after: number;
}

const manner = fc.record<Manner>({
  kind: fc.constantFrom('good', 'bad', 'hangs'),
  after: fc.constantFrom(0, 10, 1500),
});
const HEAD_START = 1000;

function race(manners: readonly Manner[], late?: Promise<'late'>) {
  const asked: number[] = [];
  let running = 0;
  let most = 0;
  const found = firstCurrent(
    manners.map((_, place) => `http://${place}/`),
    {
      ask: (_, place) => {
        asked.push(place);
        most = Math.max(most, ++running);
        const { kind, after } = manners[place]!;
        return new Promise<string>((resolve) => {
          if (kind !== 'hangs')
            setTimeout(() => {
              running--;
              resolve(kind);
            }, after);
        });
      },
      isGood: (outcome) => outcome === 'good',
      headStart: HEAD_START,
      ...(late && { late }),
    },
  );
  return { found, asked, most: () => most };
}

const ENOUGH = 600_000;

test('of any addresses in any order the first that is good settles it, and none that hangs keeps it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(manner, { minLength: 1, maxLength: 6 }), async (manners) => {
      const end = new Promise<'late'>((resolve) => {
        setTimeout(resolve, ENOUGH, 'late');
      });
      const { found, asked, most } = race(manners, end);
      const began = Date.now();
      let took = Infinity;
      void found.then(() => (took = Date.now() - began));
      await jest.advanceTimersByTimeAsync(ENOUGH);
      const { winner, outcomes } = await found;
      const good = manners.findIndex(({ kind }) => kind === 'good');
      const hangingBefore = manners.slice(0, Math.max(0, good)).filter(({ kind }) => kind === 'hangs').length;
      const isReached = good >= 0 && hangingBefore < MAX_BESIDE;
      if (isReached) {
        expect(winner).toBe('good');
        expect(took).toBeLessThanOrEqual(good * Math.max(HEAD_START, 1500) + 1500);
      }
      if (winner === undefined) expect(outcomes).not.toContain('good');
      expect(most()).toBeLessThanOrEqual(MAX_BESIDE);
      // In their order, each once.
      expect(asked).toEqual(asked.map((_, index) => index));
      // Without a hanging address the end is not waited for.
      if (manners.every(({ kind }) => kind !== 'hangs')) expect(took).toBeLessThan(ENOUGH);
    }),
  );
});

test('an address that answers at once is the only one that is asked', async () => {
  const { found, asked } = race([
    { kind: 'good', after: HEAD_START - 1 },
    { kind: 'good', after: 0 },
  ]);
  await jest.advanceTimersByTimeAsync(ENOUGH);
  expect(await found).toEqual({ winner: 'good', outcomes: ['good', 'unasked'] });
  expect(asked).toEqual([0]);
});

test('an address that had not answered when the wait ended is distinguished from one that was not asked', async () => {
  const late = new Promise<'late'>((resolve) => {
    setTimeout(resolve, HEAD_START * 2.5, 'late');
  });
  const hangs = { kind: 'hangs', after: 0 } as const;
  const { found } = race([{ kind: 'bad', after: 0 }, hangs, hangs, hangs, hangs], late);
  await jest.advanceTimersByTimeAsync(ENOUGH);
  expect(await found).toEqual({
    winner: undefined,
    outcomes: ['bad', 'late', 'late', 'late', 'unasked'],
  });
});

test('no address: nothing is found', async () => {
  expect(await race([]).found).toEqual({ winner: undefined, outcomes: [] });
});

test('however little time there is, the last of those asked at once has some of it', () => {
  for (const addresses of [1, 2, 3, 4, 20]) {
    for (const patience of [100, 1000, 10_000]) {
      const beside = Math.min(addresses, MAX_BESIDE);
      expect(headStartFor(addresses, patience) * (beside - 1)).toBeLessThan(patience);
    }
  }
  expect(headStartFor(4)).toBe(1000);
});
