/** A listening socket as the kernel's tables name it. */
export type BoundAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** The text of /proc/net/tcp, tcp6 and unix. */
export interface SocketTables {
  readonly tcp: string;
  readonly tcp6: string;
  readonly unix: string;
}

const LISTEN = '0A';
const UNIX_CONNECTING = '02';

/**
 * Connections that the kernel has completed and nobody has accepted yet, for each address: of TCP the rx_queue of its
 * row in state LISTEN, of a UNIX socket its rows in state CONNECTING. `null` where the tables hold no such listener.
 * See proc_net(5), tcp_diag.
 */
export function kernelBacklog(
  tables: SocketTables,
  addresses: readonly BoundAddress[],
): readonly (number | null)[] {
  const tcp = listeningQueues(tables.tcp, tables.tcp6);
  const unix = unixQueues(tables.unix);
  return addresses.map((address) => {
    if (address.kind === 'unix') return unix.get(address.path) ?? null;
    return tcp.get(endpoint(address.host, address.port)) ?? null;
  });
}

/** By local address as the table writes it: `0100007F:3BB0`. */
function listeningQueues(...tables: readonly string[]): Map<string, number> {
  const queues = new Map<string, number>();
  for (const table of tables) {
    for (const line of table.split('\n')) {
      const [, local, , state, sizes] = line.trim().split(/\s+/);
      if (state !== LISTEN || local === undefined) continue;
      queues.set(local, Number.parseInt(sizes?.split(':')[1] ?? '', 16));
    }
  }
  return queues;
}

function unixQueues(table: string): Map<string, number> {
  const queues = new Map<string, number>();
  for (const line of table.split('\n')) {
    // A path may hold blanks: it is all that follows the seven columns.
    const match = /^\S+ +\S+ +\S+ +\S+ +\S+ +(?<state>\S+) +\S+ (?<path>.+)$/.exec(line);
    const { state, path } = match?.groups ?? {};
    if (path === undefined) continue;
    queues.set(path, (queues.get(path) ?? 0) + Number(state === UNIX_CONNECTING));
  }
  return queues;
}

/** Each word of 32 bits of the address in the machine's order (little-endian wherever Node runs), then the port. */
function endpoint(host: string, port: number): string {
  const bytes = host.includes(':') ? bytesOfIpv6(host) : Buffer.from(host.split('.').map(Number));
  return `${bytes.swap32().toString('hex').toUpperCase()}:${hex(port)}`;
}

function bytesOfIpv6(host: string): Buffer {
  // The URL parser writes every form alike: groups of hexadecimal, at most one run of zeros left out.
  const [head = '', tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::');
  const first = groups(head);
  const last = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  const whole = [...first, ...(tail === undefined ? [] : zeros), ...last];
  return Buffer.from(whole.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
