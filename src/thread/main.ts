import { receivedConfig } from '../config/received-config.js';
import { warmUpTime } from '../config/warm-up-time.js';
import { CrlStore } from '../crl/store/crl-store.js';
import { RepeatedWarnings } from '../repeated-warnings.js';
import { CLIENT_TASK } from '../wire/client-task.js';
import { encode } from '../wire/codec.js';
import { CRL_PROXY_TASK } from '../wire/crl-proxy.js';
import { FOLDER_NOTICE, type FolderCrl, USED_NOTICE, type WantedCrl } from '../wire/crl.js';
import { AnchorKeys } from './anchor-keys.js';
import { createCrlProxyTask } from './crl-proxy-task.js';
import { createServedVerifyTasks } from './served-verify-task.js';
import { createStoreNotes } from './store-notes.js';
import { notify, report, runThread, threadSetup } from './thread.js';
import { createWarmUp } from './warm-up.js';

/** The entry of a task thread: its tasks. */
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
const { verify, client } = createServedVerifyTasks({ config, store, report, used, take });
const time = warmUpTime(config);
runThread(
  {
    verify,
    [CLIENT_TASK]: client,
    [CRL_PROXY_TASK]: createCrlProxyTask({ config, store, used, anchorKeys: (name) => anchors.keysOf(name) }),
  },
  time > 0 ? createWarmUp(config, store, time) : undefined,
);
