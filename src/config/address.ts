import { PkixdError } from '../errors.js';
import { withoutSecrets } from '../secrets.js';

/** Where a listener listens or a client connects: `unix:/path`, `tcp://host:port` or `tls://[::1]:15281`. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number };

/** sun_path holds 108 bytes, the last of them a NUL; Node 20 cuts a longer path without a word. */
const MAX_UNIX_PATH = 107;

export class AddressError extends PkixdError {
  constructor(text: string, why: string) {
    super(
      'BAD_ADDRESS',
      `"${withoutSecrets(text)}" is not an address: ${why}; write unix:/path, tcp://host:port or tls://host:port`,
    );
  }
}

export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) return unixAddress(text, text.slice('unix:'.length));
  for (const kind of ['tcp', 'tls'] as const) {
    const scheme = `${kind}://`;
    if (text.startsWith(scheme)) return hostAddress(kind, text, text.slice(scheme.length));
  }
  throw new AddressError(text, 'it begins with none of unix:, tcp:// and tls://');
}

export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.kind}://${host}:${address.port}`;
}

function unixAddress(text: string, path: string): Address {
  if (path === '') throw new AddressError(text, 'the path is empty');
  const length = Buffer.byteLength(path);
  if (length > MAX_UNIX_PATH) {
    throw new AddressError(text, `the path has ${length} bytes and the system allows ${MAX_UNIX_PATH}`);
  }
  return { kind: 'unix', path };
}

function hostAddress(kind: 'tcp' | 'tls', text: string, rest: string): Address {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/.exec(rest);
  const host = match?.groups?.['v6'] ?? match?.groups?.['host'];
  if (host === undefined) throw new AddressError(text, 'host or port is missing');
  const port = Number(match?.groups?.['port']);
  if (port > 65_535) throw new AddressError(text, `port ${port} is beyond 65535`);
  return { kind, host, port };
}
