import type { GeneralName } from '../x509/general-name.js';
import { HostSet, parseHost } from './host-name.js';
import { parseMailbox } from './mailbox.js';
import { hostOfUri } from './uri-host.js';

/** What names are compared with: subtrees of one form, permitted or excluded. */
export interface Subtrees<N> {
  /** False for a base that is no subtree of this form. */
  add(base: GeneralName): boolean;
  /** Does the name lie within: all of it, where it is a wildcard? */
  covers(name: N): boolean;
  /** Does any part of the name lie within? Says the same as `covers` but for wildcards. */
  touches(name: N): boolean;
}

/** How names of one form are read and compared (RFC 5280 §4.2.1.10). */
export interface NameForm<N> {
  /** As the RFC spells it. */
  readonly title: string;
  /** The name in the form in which it is compared; `undefined` for one that is malformed. */
  read(name: GeneralName): N | undefined;
  subtrees(): Subtrees<N>;
}

/** "Any DNS name that can be constructed by simply adding zero or more labels to the left-hand side". */
class DnsSubtrees implements Subtrees<string> {
  readonly #hosts = new HostSet();

  /** A leading period, which the RFC does not know here, is what CAs write for "at least one more label". */
  add(base: GeneralName): boolean {
    if (base.kind !== 'dns') return false;
    if (base.value === '') {
      this.#hosts.addDomain('');
      return true;
    }
    const isBelow = base.value.startsWith('.');
    const host = parseHost(isBelow ? base.value.slice(1) : base.value);
    if (host === undefined) return false;
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
  subtrees: () => new DnsSubtrees(),
};

/** A mailbox, a host, or with a leading period the hosts beneath a domain. */
class MailSubtrees implements Subtrees<string> {
  readonly #mailboxes = new Set<string>();
  readonly #hosts = new HostSet();

  add(base: GeneralName): boolean {
    if (base.kind !== 'rfc822') return false;
    if (!base.value.includes('@')) return addHostOrDomain(this.#hosts, base.value);
    const mailbox = parseMailbox(base.value);
    if (mailbox !== undefined) this.#mailboxes.add(mailbox);
    return mailbox !== undefined;
  }

  /** §7.5: the local part exactly, the host without regard to case. RFC 9598 §6: the host alone for hosts. */
  covers(mailbox: string): boolean {
    return this.#mailboxes.has(mailbox) || this.#hosts.covers(mailbox.slice(mailbox.lastIndexOf('@') + 1));
  }

  touches(mailbox: string): boolean {
    return this.covers(mailbox);
  }
}

export const mailForm: NameForm<string> = {
  title: 'rfc822Name',
  read: (name) => (name.kind === 'rfc822' ? parseMailbox(name.value) : undefined),
  subtrees: () => new MailSubtrees(),
};

/** "The constraint applies to the host part of the name": a host, or with a leading period the hosts beneath. */
class UriSubtrees implements Subtrees<string> {
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

/** "example.com" is that host; ".example.com" is every host beneath it, but not itself. */
function addHostOrDomain(hosts: HostSet, base: string): boolean {
  const isDomain = base.startsWith('.');
  const host = parseHost(isDomain ? base.slice(1) : base);
  if (host === undefined) return false;
  if (isDomain) hosts.addDomain(host);
  else hosts.addHost(host);
  return true;
}

/** Address and mask one after the other (RFC 4632). */
class IpSubtrees implements Subtrees<Uint8Array> {
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

/**
 * §7.1: a name lies within a subtree when its first RDNs are those of the base. The bases are kept as one tree, an
 * entry for each RDN under the RDNs before it:
 *
 *     C=US ─ O=Bank ─ OU=Branch      '0 C=US' → 1, '1 O=Bank' → 2, '2 OU=Branch' → 3
 *                                    bases: {3}
 */
class DnSubtrees implements Subtrees<readonly string[]> {
  readonly #nodes = new Map<string, number>();
  readonly #bases = new Set<number>();

  add(base: GeneralName): boolean {
    if (base.kind !== 'dn') return false;
    let node = 0;
    for (const rdn of base.name.rdnKeys) {
      const edge = `${node} ${rdn}`;
      const next = this.#nodes.get(edge) ?? this.#nodes.size + 1;
      this.#nodes.set(edge, next);
      node = next;
    }
    this.#bases.add(node);
    return true;
  }

  covers(rdns: readonly string[]): boolean {
    let node = 0;
    if (this.#bases.has(node)) return true;
    for (const rdn of rdns) {
      const next = this.#nodes.get(`${node} ${rdn}`);
      if (next === undefined) return false;
      if (this.#bases.has(next)) return true;
      node = next;
    }
    return false;
  }

  touches(rdns: readonly string[]): boolean {
    return this.covers(rdns);
  }
}

export const dnForm: NameForm<readonly string[]> = {
  title: 'directoryName',
  read: (name) => (name.kind === 'dn' ? name.name.rdnKeys : undefined),
  subtrees: () => new DnSubtrees(),
};
