import { BroadcastChannel } from 'node:worker_threads';
import type { CrlStoreOptions } from '../crl/store/crl-store.js';
import { STORE_NOTES, type StoreNote } from '../wire/ingest.js';

/** Sends notes of a thread that reads the CRL store to the one that writes it: see `CrlStoreOptions`. */
export function createStoreNotes(): Required<Pick<CrlStoreOptions, 'used' | 'damaged' | 'odd'>> {
  const channel = new BroadcastChannel(STORE_NOTES);
  channel.unref();
  const say = (note: StoreNote): void => {
    channel.postMessage(note);
  };
  return {
    used: (key) => {
      say({ type: 'used', key });
    },
    odd: () => {
      say({ type: 'odd' });
    },
    damaged: (identity) => {
      say({ type: 'damaged', identity });
    },
  };
}
