import { fire } from './chaos-parts/fire.js';
import { CLIENTS } from './chaos-parts/load.js';
import type { BenchOptions, BenchResult, Row } from './report.js';

/**
 * What clients see of a server in which everything goes wrong that can: 16 shipped clients ask steadily, and every
 * second a worker is killed and something else done (chaos-parts/fire.ts). Every answer is known beforehand. A TIMEOUT
 * for a request other than the one made to hang is a wrong answer.
 */
const SECONDS = 60;
const BRIEF_SECONDS = 8;
/** The part of requests that may fail. */
const MAY_FAIL = 1 / 50_000;
/** Milliseconds between two answers of one client. */
const LONGEST_GAP = 2000;

export async function run({ brief }: BenchOptions): Promise<BenchResult> {
  const { tally, busy, timeouts, done } = await fire(brief ? BRIEF_SECONDS : SECONDS);
  const failed = [...tally.failed.values()].reduce((sum, count) => sum + count, 0);
  for (const wrong of tally.wrong.slice(0, 10)) process.stderr.write(`wrong: ${wrong}\n`);
  const sent = { name: 'sent', value: tally.sent };
  const counted = (name: string, value: number): Row => ({ name, value, unit: '', reference: sent });
  return {
    rows: [
      { name: `sent by ${CLIENTS} clients`, value: tally.sent, unit: '' },
      counted('answered rightly', tally.right),
      counted('answered wrongly', tally.wrong.length),
      { name: 'BUSY, answered on retry', value: busy, unit: '' },
      { name: 'tasks given up, and their threads replaced', value: timeouts, unit: '' },
      ...[...tally.failed].map(([code, count]) => counted(`failed after the one resend: ${code}`, count)),
      ...[...tally.failedAt].map(([second, count]) => counted(`of these in second ${second}`, count)),
      counted('lost', tally.lost),
      { name: 'longest gap between answers of a client', value: tally.longestGap, unit: 'ms' },
      ...[...done].map(([what, count]): Row => ({ name: what, value: count, unit: '' })),
    ],
    goals: [
      { what: 'answered wrongly', value: tally.wrong.length, limit: 0, side: 'at most', unit: 'requests' },
      { what: 'lost', value: tally.lost, limit: 0, side: 'at most', unit: 'requests' },
      {
        what: 'failed with an error',
        value: failed,
        limit: Math.ceil(tally.sent * MAY_FAIL),
        side: 'at most',
        unit: 'requests',
      },
      {
        what: 'longest gap between answers of a client',
        value: tally.longestGap,
        limit: LONGEST_GAP,
        side: 'at most',
        unit: 'ms',
      },
    ],
  };
}
