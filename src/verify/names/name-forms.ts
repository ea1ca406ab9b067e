import type { GeneralName } from '../../x509/general-name.js';
import { addHostOrDomain, HostSet, parseHost } from './host-name.js';
import { type NameForm, NO_DOUBT, type Subtrees, type SubtreeUse } from './subtrees.js';
import { hostOfUri } from './uri-host.js';

/** "Any DNS name that can be constructed by simply adding zero or more labels to the left-hand side". */
class DnsSubtrees implements Subtrees<string> {
  readonly doubtfulBase = NO_DOUBT;
  readonly #use: SubtreeUse;
  readonly #hosts = new HostSet();

  constructor(use: SubtreeUse) {
    this.#use = use;
  }

  /**
   * A leading period, which the RFC does not know here, is what CAs write for "at least one more label". A final one
   * makes a name absolute (RFC 1034 §3.1), which a dNSName is not: such a base excludes its domain and permits
   * nothing.
   */
  add(base: GeneralName): boolean {
    if (base.kind !== 'dns') return false;
    if (base.value === '') {
      this.#hosts.addDomain('');
      return true;
    }
    const isAbsolute = base.value.endsWith('.');
    const isBelow = base.value.startsWith('.');
    const host = parseHost(base.value.slice(isBelow ? 1 : 0, isAbsolute ? -1 : undefined));
    if (host === undefined) return false;
    if (isAbsolute && this.#use === 'permitted') return true;
    this.#hosts.addDomain(host);
    if (!isBelow) this.#hosts.addHost(host);
    return true;
  }

  covers(name: string): boolean {
    return this.#hosts.covers(name);
  }

  touches(name: string): boolean {
    return this.#hosts.touches(name);
  }
}

/** A wildcard is one whole left-most label (RFC 9525 §6.3). */
export const dnsForm: NameForm<string> = {
  title: 'dNSName',
  read: (name) => {
    if (name.kind !== 'dns') return undefined;
    if (!name.value.startsWith('*.')) return parseHost(name.value);
    const host = parseHost(name.value.slice(2));
    return host && `*.${host}`;
  },
  subtrees: (use) => new DnsSubtrees(use),
};

/** "The constraint applies to the host part of the name": a host, or with a leading period the hosts beneath. */
class UriSubtrees implements Subtrees<string> {
  readonly doubtfulBase = NO_DOUBT;
  readonly #hosts = new HostSet();

  add(base: GeneralName): boolean {
    return base.kind === 'uri' && addHostOrDomain(this.#hosts, base.value);
  }

  covers(host: string): boolean {
    return this.#hosts.covers(host);
  }

  touches(host: string): boolean {
    return this.covers(host);
  }
}

export const uriForm: NameForm<string> = {
  title: 'uniformResourceIdentifier',
  read: (name) => (name.kind === 'uri' ? hostOfUri(name.value) : undefined),
  subtrees: () => new UriSubtrees(),
};

/** Address and mask one after the other (RFC 4632). */
class IpSubtrees implements Subtrees<Uint8Array> {
  readonly doubtfulBase = NO_DOUBT;
  readonly #ranges: Uint8Array[] = [];

  add(base: GeneralName): boolean {
    if (base.kind === 'ip') this.#ranges.push(base.bytes);
    return base.kind === 'ip';
  }

  covers(address: Uint8Array): boolean {
    return this.#ranges.some((range) => isInRange(address, range));
  }

  touches(address: Uint8Array): boolean {
    return this.covers(address);
  }
}

function isInRange(address: Uint8Array, range: Uint8Array): boolean {
  const { length } = address;
  if (range.length !== 2 * length) return false;
  for (let i = 0; i < length; i++) {
    if (((address[i]! ^ range[i]!) & range[length + i]!) !== 0) return false;
  }
  return true;
}

export const ipForm: NameForm<Uint8Array> = {
  title: 'iPAddress',
  read: (name) => (name.kind === 'ip' ? name.bytes : undefined),
  subtrees: () => new IpSubtrees(),
};
