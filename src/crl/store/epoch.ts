import type { Environment, Lent } from './environment.js';
import { EPOCH_KEY } from './records/keys.js';
import { numberOf } from './records/numbers.js';
import { unseal } from './records/sealed-record.js';

/** The store's epoch, a number that changes with every visible change of the store, as it was read last. */
export interface Epoch {
  readonly record: Uint8Array;
  readonly value: number;
  /** Until the end of the turn of the event loop in which it was read. */
  isNow: boolean;
}

/**
 * The epoch of now. It is read once for each turn of the event loop, which asks for it often, so that all reading in one
 * turn is of one moment. Throws STORE_DAMAGED.
 */
export function epochNow(environment: Environment, before: Epoch): Epoch {
  return before.isNow ? before : readEpoch(environment, before);
}

/** There is no record before the first CRL is stored. */
export function neverStored(): Epoch {
  return { record: new Uint8Array(0), value: 0, isNow: false };
}

function readEpoch(environment: Environment, before: Epoch): Epoch {
  const lent = environment.lend(EPOCH_KEY);
  const epoch = lent === undefined ? neverStored() : epochIn(lent, before);
  epoch.isNow = true;
  setImmediate(() => {
    epoch.isNow = false;
  });
  return epoch;
}

/** The seal is checked only if the record has changed. */
function epochIn({ bytes, length }: Lent, before: Epoch): Epoch {
  const { record } = before;
  if (length === record.length && record.every((octet, i) => octet === bytes[i])) return before;
  const copy = Uint8Array.from(bytes.subarray(0, length));
  return { record: copy, value: numberOf(unseal(EPOCH_KEY, copy)), isNow: false };
}
