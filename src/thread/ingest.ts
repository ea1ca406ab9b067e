import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { STORE_NOTES } from '../wire/ingest.js';
import { runIngest } from './ingest-service.js';

/** The entry of an ingest thread: the one thread of a worker that writes the CRL store. */
if (!parentPort) throw new Error('runs only as a worker thread');
const notes = new BroadcastChannel(STORE_NOTES);
notes.unref();
await runIngest(parentPort, notes, workerData);
