// oxlint-disable-next-line import/no-unassigned-import -- it acts when it is imported, before all others
import './signals.js';
import { PROTOCOLS } from '../protocol/index.js';
import { VERSION } from '../version.js';
import { NO_SERVICES } from './services.js';
import { runWorker } from './worker.js';

/** The entry of a worker process: the one place where the server half meets the protocols and the task threads. */
runWorker({
  protocols: PROTOCOLS,
  services: () => NO_SERVICES,
  threadEntry: new URL('../thread/main.js', import.meta.url),
  version: VERSION,
});
