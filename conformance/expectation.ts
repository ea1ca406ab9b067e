import type { Verdict } from '../src/wire/verdict.js';
import type { Case, ExpectedRevocation } from './suite.js';

/** What a case wants of the verdict on its path. */
interface WantedOutcome {
  /** For people. */
  readonly text: string;
  isMetBy(verdict: Pick<Verdict, 'code' | 'status'>): boolean;
}

/** The path's revocation where the case says what that should come to, else whether the path is valid. */
export function wantedOutcome({ expected, params }: Pick<Case, 'expected' | 'params'>): WantedOutcome {
  const { expectedRevocation } = params;
  if (expectedRevocation === undefined) {
    return { text: expected, isMetBy: ({ status }) => (status === 'valid') === (expected === 'valid') };
  }
  const outcomes = OUTCOMES[expectedRevocation];
  return { text: expectedRevocation, isMetBy: (verdict) => outcomes.includes(outcomeOf(verdict)) };
}

type PathOutcome = 'good' | 'revoked' | 'unknown';

/** The outcomes that meet each word. */
const OUTCOMES: Readonly<Record<ExpectedRevocation, readonly PathOutcome[]>> = {
  good: ['good'],
  revoked: ['revoked'],
  unknown: ['unknown'],
  'not good': ['revoked', 'unknown'],
  'good-or-revoked': ['good', 'revoked'],
};

function outcomeOf({ code, status }: Pick<Verdict, 'code' | 'status'>): PathOutcome {
  if (status === 'valid') return 'good';
  return code === 'REVOKED' ? 'revoked' : 'unknown';
}
