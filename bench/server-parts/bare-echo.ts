import { createServer } from 'node:net';

/** The least that a Node process can do with a request: what comes on a UNIX socket goes back. Its parent says where. */
process.on('message', ({ path }: { readonly path: string }) => {
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => socket.write(chunk));
  }).listen(path, () => process.send?.({ port: 0, pids: [process.pid] }));
});
process.on('disconnect', () => process.exit(0));
