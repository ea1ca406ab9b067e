// oxlint-disable-next-line import/no-unassigned-import -- it acts when it is imported, before all others
import './signals.js';
import { createCrlServices } from '../crl/crl-services.js';
import { DerPieces } from '../crl/store/der-files.js';
import { createProtocols } from '../protocol/index.js';
import { VERSION } from '../version.js';
import { runWorker } from './worker.js';

const ingestEntry = new URL('../thread/ingest.js', import.meta.url);

/** The entry of a worker process: the place that puts server, protocols, task threads and CRL services together. */
runWorker({
  protocols: createProtocols((path, size) => new DerPieces(path, size, () => performance.now())),
  services: (config, log, onStuck) => createCrlServices({ config, log, ingestEntry, onStuck }),
  threadEntry: new URL('../thread/main.js', import.meta.url),
  version: VERSION,
});
