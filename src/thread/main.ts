import { receivedConfig } from '../config/received-config.js';
import { CrlStore } from '../crl/store/crl-store.js';
import { RepeatedWarnings } from '../repeated-warnings.js';
import { encode } from '../wire/codec.js';
import { CRL_PROXY_TASK } from '../wire/crl-proxy.js';
import { FOLDER_NOTICE, type FolderCrl, USED_NOTICE, type WantedCrl } from '../wire/crl.js';
import { AnchorKeys } from './anchor-keys.js';
import { createCrlProxyTask } from './crl-proxy-task.js';
import { createServedVerifyTask } from './served-verify-task.js';
import { createStoreNotes } from './store-notes.js';
import { notify, report, runThread, threadSetup } from './thread.js';

/** The entry of a task thread: what tasks there are. */
const config = receivedConfig(threadSetup());
const warnings = new RepeatedWarnings({ warn: report });
const store = new CrlStore({
  dataDirectory: config['data.directory'],
  now: Date.now,
  report: (message) => warnings.warn(message, ''),
  ...createStoreNotes(),
});
const used = (wanted: readonly WantedCrl[]): void => {
  notify(USED_NOTICE, encode(wanted));
};
const take = (crl: FolderCrl): void => {
  notify(FOLDER_NOTICE, encode(crl));
};
const anchors = new AnchorKeys(config);
runThread({
  verify: createServedVerifyTask({ config, store, report, used, take }),
  [CRL_PROXY_TASK]: createCrlProxyTask({ config, store, used, anchorKeys: (name) => anchors.keysOf(name) }),
});
