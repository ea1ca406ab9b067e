import { receivedConfig } from '../config/received-config.js';
import { CrlStore } from '../crl/store/crl-store.js';
import { encode } from '../wire/codec.js';
import { USED_NOTICE } from '../wire/crl.js';
import { createServedVerifyTask } from './served-verify-task.js';
import { createStoreNotes } from './store-notes.js';
import { notify, report, runThread, threadSetup } from './thread.js';

/** The entry of a task thread: what tasks there are. */
const config = receivedConfig(threadSetup());
const store = new CrlStore({
  dataDirectory: config['data.directory'],
  now: Date.now,
  report,
  ...createStoreNotes(),
});
runThread({
  verify: createServedVerifyTask({
    config,
    store,
    report,
    used: (wanted) => {
      notify(USED_NOTICE, encode(wanted));
    },
  }),
});
