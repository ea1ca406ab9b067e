import type { SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import { messageOf } from '../../errors.js';
import { parseIpAddress } from '../../ip-address.js';
import { unmapped } from './address-class.js';
import type { AddressPolicy } from './address-policy.js';
import { asFetchError, FetchError } from './fetch-error.js';
import { ownAddresses, type Resolve } from './host-addresses.js';

export interface ConnectorOptions {
  readonly policy: AddressPolicy;
  readonly resolve: Resolve;
  /** ms for all addresses of a host together. */
  readonly connectTimeout: number;
  /** The CA certificates for https servers. */
  readonly secureContext: SecureContext;
}

type Connector = ReturnType<typeof buildConnector>;
type Target = Parameters<Connector>[0];
type ConnectedSocket = NonNullable<Parameters<Parameters<Connector>[1]>[1]>;

/** Addresses of a host that are tried. */
const MOST_ADDRESSES = 3;

/**
 * Connects to an address that was checked, and to no other: the name is resolved here, once, every address that it
 * has is judged, and the socket gets the address instead of the name. A name that resolves to something else a
 * moment later gains nothing (DNS rebinding), and a literal address takes the same way.
 */
export function pinnedConnector(options: ConnectorOptions): Connector {
  const { policy, resolve, connectTimeout, secureContext } = options;
  const byCount = Array.from({ length: MOST_ADDRESSES }, (_, index) =>
    buildConnector({ timeout: Math.ceil(connectTimeout / (index + 1)), secureContext }),
  );

  async function connect(target: Target): Promise<ConnectedSocket> {
    const port = portOf(target);
    const own = ownAddresses();
    const addresses = await addressesOf(target.hostname, resolve);
    for (const address of addresses) {
      const refusal = policy.refusalOfAddress(target.hostname, port, address, own);
      if (refusal !== undefined) throw new FetchError('refused', refusal);
    }
    const tried = addresses.slice(0, MOST_ADDRESSES);
    const connector = byCount[tried.length - 1];
    if (connector === undefined) throw new FetchError('connection', `${target.hostname} has no address`);
    const failures: string[] = [];
    for (const address of tried) {
      try {
        return await connectTo(connector, target, address);
      } catch (error) {
        if (error instanceof FetchError) throw error;
        failures.push(messageOf(error));
      }
    }
    throw new FetchError('connection', failures.join('; '));
  }

  return (target, callback) => {
    /* oxlint-disable promise/no-callback-in-promise -- the client takes a callback */
    connect(target).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(asFetchError(error), null),
    );
    /* oxlint-enable promise/no-callback-in-promise */
  };
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
  if (parseIpAddress(host) !== undefined) return [host];
  try {
    return await resolve(host);
  } catch (error) {
    throw new FetchError('connection', `${host} cannot be resolved: ${messageOf(error)}`, { cause: error });
  }
}

function connectTo(connector: Connector, target: Target, address: string): Promise<ConnectedSocket> {
  const isName = parseIpAddress(target.hostname) === undefined;
  return new Promise((resolve, reject) => {
    connector(
      {
        ...target,
        hostname: address,
        // The certificate is compared with the name, not with the address; the root's dot is not sent (RFC 6066 §3).
        ...(isName ? { servername: target.hostname.replace(/\.$/, '') } : {}),
      },
      (...[error, socket]) => {
        if (error !== null) {
          reject(error);
        } else if (isSamePlace(socket.remoteAddress, address)) {
          resolve(socket);
        } else {
          socket.destroy();
          reject(new FetchError('refused', `${address} was asked for and ${socket.remoteAddress} answered`));
        }
      },
    );
  });
}

/** Whether a socket is where it was to be; IPv4 may be shown as mapped. */
export function isSamePlace(remote: string | undefined, wanted: string): boolean {
  const [a, b] = [remote ?? '', wanted].map((text) => parseIpAddress(text));
  return a !== undefined && b !== undefined && Buffer.compare(unmapped(a), unmapped(b)) === 0;
}

function portOf({ port, protocol }: Target): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
