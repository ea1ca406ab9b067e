import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Certificate, CertificateChainValidationEngine, CertificateRevocationList } from 'pkijs';
import { frame, FrameReader } from '../../src/wire/frame.js';
import type { PkijsSetup } from './pkijs.js';

/**
 * What one would write with PKI.js: a Node cluster of one worker, round robin, that takes leaves in frames and answers
 * each with one octet in a frame. CAs and CRLs are parsed once. Tells its parent its port and processes.
 */
if (cluster.isPrimary) {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ serialization: 'advanced' });
  const setup = await new Promise<PkijsSetup>((resolve) => process.once('message', resolve));
  const worker = cluster.fork();
  // What came before it listens would be lost.
  await once(worker, 'message');
  worker.send(setup);
  const [, address]: { readonly port: number }[] = await once(cluster, 'listening');
  process.send?.({ port: address?.port, pids: [process.pid, worker.process.pid] });
  process.on('disconnect', () => {
    worker.process.kill();
    process.exit(0);
  });
} else {
  process.once('message', ({ root, intermediate, crls }: PkijsSetup) => {
    const trusted = Certificate.fromBER(root);
    const ca = Certificate.fromBER(intermediate);
    const lists = crls.map((crl) => CertificateRevocationList.fromBER(crl));
    const holds = async (leaf: Uint8Array): Promise<boolean> => {
      // Its path building wants the leaf last.
      const certs = [ca, Certificate.fromBER(leaf)];
      const engine = new CertificateChainValidationEngine({ certs, trustedCerts: [trusted], crls: lists });
      return (await engine.verify()).result;
    };
    const answer = async (socket: Socket, leaf: Uint8Array): Promise<void> => {
      socket.write(frame(Uint8Array.of(Number(await holds(leaf)))));
    };
    createServer((socket) => {
      const frames = new FrameReader();
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        for (const leaf of frames.push(chunk)) void answer(socket, leaf);
      });
    }).listen(0, '127.0.0.1');
  });
  process.send?.('ready');
}
