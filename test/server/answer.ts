import type { Verdict } from '../../src/wire/verdict.js';

/** An answer of the line protocol. */
export interface Answer {
  /** Status and code. */
  readonly head: string;
  readonly verdict: Verdict;
}

/** The line that answers, in its parts. */
export function answerOf(line: string): Answer {
  const [, head = line, json = '{}'] = /^\S+ (\S+ \S+) (\{.*)$/m.exec(line) ?? [];
  return { head, verdict: JSON.parse(json) as Verdict };
}
