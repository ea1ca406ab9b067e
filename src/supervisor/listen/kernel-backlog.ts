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
/** From the colon behind the first column: `: 00000003 00000000 00000000 0001 03`. */
const UNIX_STATE = ': 00000003 00000000 00000000 0001 '.length;
const INODE = /^ +\d+$/;
/** A whole row of a TCP table in another state than LISTEN. */
const CONNECTED_ROW = new RegExp(`^ *\\d+: \\S+ \\S+ (?!${LISTEN}).*\\n`, 'm');

/**
 * Connections that the kernel has completed and the primary has not accepted yet, for each address: for TCP the
 * rx_queue of its row in state LISTEN, for a UNIX socket the number of its rows in state CONNECTING. `null` if the
 * tables hold no such listener. See proc_net(5), tcp_diag.
 */
export function kernelBacklog(
  tables: SocketTables,
  addresses: readonly BoundAddress[],
): readonly (number | null)[] {
  const tcp = listeningQueues(tables.tcp, tables.tcp6);
  return addresses.map((address) => {
    if (address.kind === 'unix') return unixQueue(tables.unix, address.path);
    return tcp.get(endpoint(address.host, address.port)) ?? null;
  });
}

/** Whether the beginning of a TCP table holds all listening sockets: the kernel lists them first. */
export function holdsAllListening(beginning: string): boolean {
  return CONNECTED_ROW.test(beginning);
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

/**
 * Columns up to the state have fixed widths, counted from the colon of the first. A UNIX path has a row for each
 * connection.
 */
function unixQueue(table: string, path: string): number | null {
  const end = ` ${path}\n`;
  let queue: number | null = null;
  for (let at = table.indexOf(end); at !== -1; at = table.indexOf(end, at + 1)) {
    const columns = table.indexOf(':', table.lastIndexOf('\n', at));
    const state = columns + UNIX_STATE;
    // Otherwise this is the end of another path, which may contain blanks.
    if (!INODE.test(table.slice(state + UNIX_CONNECTING.length, at))) continue;
    queue = (queue ?? 0) + Number(table.startsWith(UNIX_CONNECTING, state));
  }
  return queue;
}

/** The 32-bit words of the address in the machine's byte order (little-endian wherever Node runs), then the port. */
function endpoint(host: string, port: number): string {
  const bytes = host.includes(':') ? bytesOfIpv6(host) : Buffer.from(host.split('.').map(Number));
  return `${bytes.swap32().toString('hex').toUpperCase()}:${hex(port)}`;
}

function bytesOfIpv6(host: string): Buffer {
  // The URL parser normalises all forms to hexadecimal groups with at most one run of zeros left out.
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
