import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A bare Node cluster of one worker, round robin: what comes goes back. Tells its parent its port and processes. */
if (cluster.isPrimary) {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const worker = cluster.fork();
  const [, address]: { readonly port: number }[] = await once(cluster, 'listening');
  process.send?.({ port: address?.port, pids: [process.pid, worker.process.pid] });
  process.on('disconnect', () => {
    worker.process.kill();
    process.exit(0);
  });
} else {
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
}
