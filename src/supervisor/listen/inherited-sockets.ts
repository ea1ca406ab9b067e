import { readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { formatAddress } from '../../config/address.js';
import type { ListenerConfig } from '../../config/config.js';
import type { Logger } from '../../log.js';

/** The first inherited descriptor (sd_listen_fds(3)). */
const FIRST = 3;

interface Inherited {
  readonly server: Server;
  /** `FileDescriptorName=` of the socket unit. */
  readonly name: string;
  /** In the form of `formatAddress`, without regard to TLS. */
  readonly address: string;
}

/**
 * Listening sockets inherited from systemd (socket activation). They outlive the primary, so that during a restart
 * clients wait in the kernel's backlog and none is refused.
 */
export class InheritedSockets {
  #sockets: readonly Inherited[];

  /** Takes its variables out of the environment. */
  constructor(env: NodeJS.ProcessEnv, pid: number) {
    const count = env['LISTEN_PID'] === String(pid) ? Number(env['LISTEN_FDS'] ?? 0) : 0;
    const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
    for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
    this.#sockets = Array.from({ length: count }, (_, index) => adopt(FIRST + index, names[index] ?? ''));
  }

  /** The server on the inherited socket with this listener's name, or else its address. It listens already. */
  take({ name, address }: ListenerConfig): Server | undefined {
    const place = formatAddress(address.kind === 'unix' ? address : { ...address, kind: 'tcp' });
    const found =
      this.#sockets.find((socket) => socket.name === name) ??
      this.#sockets.find((socket) => socket.address === place);
    this.#sockets = this.#sockets.filter((socket) => socket !== found);
    return found?.server;
  }

  /** Closes the sockets that no listener took. */
  closeRest(log: Logger): void {
    for (const { server, name, address } of this.#sockets) {
      log.warn('a socket was passed in that no listener has the name or the address of', { name, address });
      server.close();
    }
    this.#sockets = [];
  }
}

function adopt(fd: number, name: string): Inherited {
  const server = createServer();
  server.on('error', () => server.close());
  server.listen({ fd });
  const bound = server.address();
  const isTcp = bound !== null && typeof bound === 'object';
  const address = isTcp
    ? formatAddress({ kind: 'tcp', host: bound.address, port: bound.port })
    : `unix:${pathOf(fd)}`;
  return { server, name, address };
}

/** The path of a UNIX socket, which Node knows only for sockets that it bound itself. Empty if it is not known. */
function pathOf(fd: number): string {
  try {
    const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0] ?? '';
    const rows = readFileSync('/proc/net/unix', 'utf8').split('\n');
    const fields = rows.map((row) => row.split(' ').filter((field) => field !== ''));
    return fields.find((row) => row[6] === inode)?.[7] ?? '';
  } catch {
    return '';
  }
}
