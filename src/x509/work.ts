import { X509Error } from './x509-error.js';

/**
 * Estimated ns, of a 3 GHz core and rounded up, of reading or preparing one thing that input repeats at will. They are
 * charged before they are paid.
 */
export const WORK = {
  certificate: 5000,
  singleResponse: 3000,
  extension: 1500,
  generalName: 300,
  distributionPoint: 900,
  accessDescription: 3000,
  oid: 1000,
  policy: 2500,
  attribute: 1500,
  /** An octet of a value that is prepared to be compared (string-preparation.ts): of plain ASCII, and any other. */
  plainOctet: 50,
  otherOctet: 2500,
  /** A mailbox of an otherName, which is read at each use, and an octet of it. */
  mailbox: 300,
  textOctet: 5,
  /** An octet of a URI that is normalised. */
  uriOctet: 50,
} as const;

/** ns; outside of `withinWork` nothing is counted. */
let left = Infinity;

/** Throws BUDGET_EXCEEDED where so much more is beyond what may be spent; then all that follows is, too. */
export function spendWork(nanoseconds: number): void {
  left -= nanoseconds;
  if (left < 0) throw exceeded();
}

/** Runs something synchronous that may spend so much, ns. */
export function withinWork<T>(nanoseconds: number, run: () => T): T {
  const before = left;
  left = nanoseconds;
  try {
    return run();
  } finally {
    left = before;
  }
}

/** Whether more was requested than may be spent. Code that ignored the error did not get its result. */
export function workExceeded(): X509Error | undefined {
  return left < 0 ? exceeded() : undefined;
}

function exceeded(): X509Error {
  return new X509Error(
    'BUDGET_EXCEEDED',
    'reading what the request holds would cost more than one request may',
  );
}
