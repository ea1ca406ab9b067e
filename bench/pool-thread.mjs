import { runThread } from '../dist/thread/thread.js';

const SMALL = Buffer.from(JSON.stringify({ status: 'valid', code: 'OK' }));

runThread({ nothing: () => SMALL });
