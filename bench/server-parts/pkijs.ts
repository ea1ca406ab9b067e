import { once } from 'node:events';
import { connect } from 'node:net';
import { frame, FrameReader } from '../../src/wire/frame.js';
import type { Chain } from '../engine-parts/chain.js';
import { RivalProcess } from './rival-process.js';

/** What pkijs-cluster.ts needs to start; DER. */
export interface PkijsSetup {
  readonly root: Uint8Array;
  readonly intermediate: Uint8Array;
  readonly crls: readonly Uint8Array[];
}

/** Requests under way at once. */
const IN_FLIGHT = 64;

/** µs of CPU for a leaf that a Node cluster with PKI.js is asked about over TCP, CRLs included. */
export async function measurePkijs(chain: Chain, core: number, leaves: number): Promise<number> {
  const { root, intermediate, crls } = chain;
  const setup: PkijsSetup = { root: root.der, intermediate: intermediate.der, crls };
  const rival = await RivalProcess.start('pkijs-cluster.js', core, setup);
  try {
    await askFor(rival.port, chain, leaves);
    const before = rival.cpu();
    await askFor(rival.port, chain, leaves);
    return (rival.cpu() - before) / leaves;
  } finally {
    rival.stop();
  }
}

async function askFor(port: number, { leaves }: Chain, count: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const frames = new FrameReader();
  let sent = 0;
  let answered = 0;
  const send = (): void => {
    const leaf = leaves[sent % leaves.length];
    if (sent++ < count && leaf) socket.write(frame(leaf.der));
  };
  for (let n = 0; n < IN_FLIGHT; n++) send();
  for await (const chunk of socket) {
    if (!Buffer.isBuffer(chunk)) throw new Error('a socket without an encoding gives octets');
    for (const [holds] of frames.push(chunk)) {
      if (holds !== 1) throw new Error("PKI.js does not accept the benchmark's own chain");
      answered++;
      send();
    }
    if (answered === count) break;
  }
}
