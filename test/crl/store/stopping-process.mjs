// A process that stops itself in the middle of a transaction of the store.
import { WritableEnvironment } from '../../../dist/crl/store/environment.js';

const [dataDirectory] = process.argv.slice(2);
const environment = WritableEnvironment.openToWrite(dataDirectory);
await environment.transaction(() => {
  environment.put(Buffer.of(0xee), Buffer.of(1));
  process.kill(process.pid, 'SIGSTOP');
});
process.stdout.write('went on\n');
await environment.close();
