import { runThread } from '../../src/thread/thread.js';

/** What a thread of the pull pool runs: nothing, with a small object as its result. */
const SMALL = Buffer.from(JSON.stringify({ status: 'valid', code: 'OK' }));

runThread({ nothing: () => SMALL });
