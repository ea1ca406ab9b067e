import { WritableEnvironment } from '../../src/crl/store/environment.js';
import { stopwatch } from '../stopwatch.js';

/**
 * A process that writes so many bytes as values of a bucket's size, in transactions as large as the store's, and does
 * nothing else: what LMDB and the disk take of the time for a CRL. Prints it, as JSON.
 */
const SIZE = 3400;
const BATCH = 256;

const [dataDirectory = '', bytes = ''] = process.argv.slice(2);
const environment = WritableEnvironment.openToWrite(dataDirectory);
const memory = new Uint8Array(BATCH * SIZE).fill(1);
const values = Array.from({ length: BATCH }, (_, i) => memory.subarray(i * SIZE, (i + 1) * SIZE));
await environment.writeBuckets(1, 0, values.slice(0, 1));
const count = Math.ceil(Number(bytes) / SIZE);
const started = stopwatch();
for (let first = 0; first < count; first += BATCH)
  await environment.writeBuckets(2, first, values.slice(0, count - first));
console.log(JSON.stringify(started()));
await environment.close();
