import { Socket } from 'node:net';

/**
 * A thread of its own that outlives nothing: fd 5 ends when the primary is gone, however it went, and then this
 * process is killed. The main loop may be blocked for good; this one is not.
 */
const lifeline = new Socket({ fd: 5 });
const kill = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
lifeline.on('error', kill);
lifeline.on('close', kill);
lifeline.resume();
