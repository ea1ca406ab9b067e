import type { Verdict } from '../../wire/verdict.js';

/** A verdict in one line for people. It names who was judged, where the message is about another certificate too. */
export function verdictLine(verdict: Verdict): string {
  const { status, code, message } = verdict;
  const who = judgedName(verdict);
  return who === undefined || message.includes(who)
    ? `${status} ${code} ${message}`
    : `${status} ${code} ${who}: ${message}`;
}

/** `undefined` where the certificate could not be read, or an older server does not say. */
function judgedName({ subject, serial }: Partial<Verdict>): string | undefined {
  if (subject === undefined || subject === null) return undefined;
  return subject === '' ? `the certificate without a subject (serial ${serial})` : subject;
}
