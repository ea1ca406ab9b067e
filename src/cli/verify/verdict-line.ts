import type { Verdict } from '../../wire/verdict.js';

/** A verdict on one line for people. It names the judged certificate, also if the message is about another one. */
export function verdictLine(verdict: Verdict): string {
  const { status, code, message } = verdict;
  const who = judgedName(verdict);
  return who === undefined || message.includes(who)
    ? `${status} ${code} ${message}`
    : `${status} ${code} ${who}: ${message}`;
}

/** `undefined` if the certificate cannot be read, or an older server does not send it. */
function judgedName({ subject, serial }: Partial<Verdict>): string | undefined {
  if (subject === undefined || subject === null) return undefined;
  return subject === '' ? `the certificate without a subject (serial ${serial})` : subject;
}
