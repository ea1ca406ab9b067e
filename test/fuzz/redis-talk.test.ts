// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { expect, test } from '@jest/globals';
import { Random } from '../../fuzz/random.js';
import { talkWithRedis } from '../../fuzz/redis-talk.js';

/** Some 15 s on two busy cores; `npm run --silent fuzz -- --seconds N` goes on for longer. */
const TALKS = 60;

test('whatever a Redis says, the right CRLs are stored, and nothing is thrown', async () => {
  const seed = Date.now() % 2 ** 32;
  const { talks, commands, faults } = await talkWithRedis(new Random(seed), (done) => done >= TALKS);
  expect({ seed, faults }).toEqual({ seed, faults: [] });
  expect(talks).toBe(TALKS);
  expect(commands).toBeGreaterThan(TALKS);
});
