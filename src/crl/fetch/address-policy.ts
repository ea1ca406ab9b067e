import { type AllowedDestination, parseAllowedDestination } from '../../config/allowed-destination.js';
import type { OptionValues } from '../../config/option-table.js';
import { formatIpAddress, parseIpAddress } from '../../ip-address.js';
import { isInRange } from '../../ip-range.js';
import { classifyAddress, unmapped, type AddressClass } from './address-class.js';

const DEFAULT_PORTS: ReadonlySet<number> = new Set([80, 443]);

/**
 * The address classes that a host name in `crl.allow` permits. Other classes need an entry by address, since an
 * attacker may be able to change what a name resolves to.
 */
const OPENED_BY_NAME: ReadonlySet<AddressClass> = new Set(['public', 'private', 'shared', 'loopback']);

const ARTICLES: Readonly<Record<AddressClass, string>> = {
  public: 'a public address',
  private: 'a private address',
  shared: "an address behind a carrier's NAT",
  loopback: 'a loopback address',
  'link-local': 'a link-local address',
  metadata: "an address of a cloud's metadata service",
  multicast: 'a multicast address',
  unspecified: 'an unspecified address',
  documentation: 'an address for documentation',
  benchmarking: 'an address for benchmarks',
  reserved: 'a reserved address',
  'local NAT64': "an address of this network's own NAT64",
};

const WAY_OUT = 'list it in crl.allow if it may be fetched from';

/**
 * Decides where CRLs may be fetched from: public addresses at ports 80 and 443, and those that the configuration
 * allows. Pure: names are resolved elsewhere. Each answer is the reason of a refusal, or `undefined`.
 */
export class AddressPolicy {
  readonly #allowed: readonly AllowedDestination[];

  constructor(allowed: readonly AllowedDestination[]) {
    this.#allowed = allowed;
  }

  /** The entries of `crl.allow`. */
  static of(config: Pick<OptionValues, 'crl.allow'>): AddressPolicy {
    return new AddressPolicy(config['crl.allow'].flatMap((text) => parseAllowedDestination(text) ?? []));
  }

  /** Before the host is resolved: a port at which nothing may be fetched, from no address of this host. */
  refusalOfPort(host: string, port: number): string | undefined {
    if (DEFAULT_PORTS.has(port)) return undefined;
    const name = plainName(host);
    // A range may yet hold the host's addresses.
    const isPossible = this.#allowed.some(
      (entry) => entry.port === port && (typeof entry.host !== 'string' || entry.host === name),
    );
    return isPossible ? undefined : `port ${port} is neither 80 nor 443; ${WAY_OUT}`;
  }

  /**
   * One address of the host, at the moment of connecting. `own`: the addresses of this machine, which may be public
   * and still lead to services that trust it.
   */
  refusalOfAddress(
    host: string,
    port: number,
    address: string,
    own: ReadonlySet<string>,
  ): string | undefined {
    const parsed = parseIpAddress(address);
    if (parsed === undefined) return `"${address}" is not an address that can be checked`;
    const octets = unmapped(parsed);
    const { name, embedded } = classifyAddress(octets);
    const isOwn = own.has(formatIpAddress(octets));
    if (name === 'public' && !isOwn && DEFAULT_PORTS.has(port)) return undefined;
    if (this.#isAllowed(plainName(host), port, octets, name)) return undefined;
    const text = embedded === undefined ? address : `${address}, that is ${embedded},`;
    if (name !== 'public') return `${text} is ${ARTICLES[name]}; ${WAY_OUT}`;
    if (isOwn) return `${text} is an address of this machine; ${WAY_OUT}`;
    return `port ${port} of ${text} is neither 80 nor 443; ${WAY_OUT}`;
  }

  /**
   * A host that a proxy is to resolve: its addresses are the proxy's to judge. What can be told without resolving
   * is refused here all the same: literal addresses, and the names of loopback (RFC 6761 §6.3).
   */
  refusalOfProxied(
    host: string,
    port: number,
    literal: string | undefined,
    own: ReadonlySet<string>,
  ): string | undefined {
    if (literal !== undefined) return this.refusalOfAddress(host, port, literal, own);
    const name = plainName(host);
    const isNamed = this.#allowed.some((entry) => entry.host === name && isAtPort(entry, port));
    if (isNamed) return undefined;
    if (name === 'localhost' || name.endsWith('.localhost')) return `${host} is loopback; ${WAY_OUT}`;
    return DEFAULT_PORTS.has(port) ? undefined : `port ${port} is neither 80 nor 443; ${WAY_OUT}`;
  }

  #isAllowed(host: string, port: number, octets: Uint8Array, name: AddressClass): boolean {
    return this.#allowed.some((entry) => {
      if (!isAtPort(entry, port)) return false;
      if (typeof entry.host === 'string') return entry.host === host && OPENED_BY_NAME.has(name);
      return isInRange(octets, entry.host);
    });
  }
}

/** Names are the same whatever their case, and with the root's dot. */
function plainName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function isAtPort({ port: allowed }: AllowedDestination, port: number): boolean {
  return allowed === undefined ? DEFAULT_PORTS.has(port) : allowed === port;
}
