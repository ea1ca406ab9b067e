// oxlint-disable-next-line import/no-unassigned-import -- it acts when it is imported, before all others
import '../../../dist/worker/signals.js';
import { runWorker } from '../../../dist/worker/worker.js';
import { testServices } from './services.mjs';
import { echoProtocol } from './echo-protocol.mjs';

runWorker({
  protocols: { line: echoProtocol },
  services: (config, log) => testServices(log, config['crl.maxWait']),
  threadEntry: new URL('thread.mjs', import.meta.url),
  version: '0.0.0-test',
});
