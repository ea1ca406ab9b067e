import { BroadcastChannel } from 'node:worker_threads';
import { STORE_NOTES, type StoreNote } from '../wire/ingest.js';

/** How a thread that reads the CRL store leaves word for the one that writes it: see `CrlStoreOptions`. */
export function createStoreNotes(): { used(key: string): void; damaged(identity: string): void } {
  const channel = new BroadcastChannel(STORE_NOTES);
  channel.unref();
  const say = (note: StoreNote): void => {
    channel.postMessage(note);
  };
  return {
    used: (key) => {
      say({ type: 'used', key });
    },
    damaged: (identity) => {
      say({ type: 'damaged', identity });
    },
  };
}
