import { Socket } from 'node:net';

/**
 * A thread that kills this process when fd 5 ends, which shows that the primary is gone, however it ended. The main
 * loop may be blocked for ever; this one is not.
 */
const lifeline = new Socket({ fd: 5 });
const kill = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
lifeline.on('error', kill);
lifeline.on('close', kill);
lifeline.resume();
