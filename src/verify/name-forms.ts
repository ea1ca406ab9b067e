import type { GeneralName } from '../x509/general-name.js';
import { mayBeWithin } from '../x509/name-outline.js';
import type { Name } from '../x509/name.js';
import type { ConstrainedName } from './constrained-names.js';
import { HostSet, parseHost } from './host-name.js';
import { type Mailbox, parseMailbox } from './mailbox.js';
import { hostOfUri } from './uri-host.js';

/** What names are compared with: subtrees of one form, permitted or excluded. */
export interface Subtrees<N> {
  /** False for a base that is no subtree of this form. */
  add(base: GeneralName): boolean;
  /** Does the name lie within: all of it, where it is a wildcard? */
  covers(name: N): boolean;
  /** Does any part of the name lie within, or may it be read so? */
  touches(name: N): boolean;
  /** A subtree that the name cannot be compared with, so that it may lie within. Asked where it touches none. */
  doubtfulBase(name: N): GeneralName | undefined;
}

/** What the subtrees are for: permission takes equality for certain alone, exclusion also what may be equal. */
export type SubtreeUse = 'permitted' | 'excluded';

/** How names of one form are read and compared (RFC 5280 §4.2.1.10). */
export interface NameForm<N> {
  /** As the RFC spells it. */
  readonly title: string;
  /** The name in the form in which it is compared; `undefined` for one that is malformed. */
  read(name: ConstrainedName): N | undefined;
  subtrees(use: SubtreeUse): Subtrees<N>;
}

/** Texts and addresses can always be compared, once they have been read. */
const NO_DOUBT = (): undefined => undefined;

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

/** A mailbox as a certificate names it. */
interface NamedMailbox extends Mailbox {
  readonly ignoresCase: boolean;
}

/**
 * A mailbox, a host, or with a leading period the hosts beneath a domain. §7.5: local parts are compared exactly;
 * a mailbox that is excluded is so however it is quoted, and where case does not count, in any case.
 */
class MailSubtrees implements Subtrees<NamedMailbox> {
  readonly doubtfulBase = NO_DOUBT;
  readonly #mailboxes = new Set<string>();
  readonly #unquoted = new Set<string>();
  readonly #folded = new Set<string>();
  readonly #hosts = new HostSet();

  add(base: GeneralName): boolean {
    if (base.kind !== 'rfc822') return false;
    if (!base.value.includes('@')) return addHostOrDomain(this.#hosts, base.value);
    const mailbox = parseMailbox(base.value);
    if (mailbox === undefined) return false;
    const { local, unquoted, host } = mailbox;
    this.#mailboxes.add(`${local}@${host}`);
    this.#unquoted.add(`${unquoted}@${host}`);
    this.#folded.add(`${unquoted}@${host}`.toLowerCase());
    return true;
  }

  /** RFC 9598 §6: the host alone for hosts. */
  covers({ local, host }: NamedMailbox): boolean {
    return this.#mailboxes.has(`${local}@${host}`) || this.#hosts.covers(host);
  }

  touches({ unquoted, host, ignoresCase }: NamedMailbox): boolean {
    const text = `${unquoted}@${host}`;
    return (
      this.#unquoted.has(text) ||
      (ignoresCase && this.#folded.has(text.toLowerCase())) ||
      this.#hosts.covers(host)
    );
  }
}

export const mailForm: NameForm<NamedMailbox> = {
  title: 'rfc822Name',
  read: (name) => {
    const mailbox = name.kind === 'rfc822' ? parseMailbox(name.value) : undefined;
    // §4.1.2.6: "The attribute value for emailAddress is not case-sensitive".
    return mailbox && { ...mailbox, ignoresCase: 'isAttribute' in name };
  },
  subtrees: () => new MailSubtrees(),
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

/**
 * §7.1: a name lies within a subtree when its first RDNs are those of the base. The bases are kept as one tree, an
 * entry for each RDN under the RDNs before it:
 *
 *     C=US ─ O=Bank ─ OU=Branch      '0 C=US' → 1, '1 O=Bank' → 2, '2 OU=Branch' → 3
 *                                    bases: {3}
 */
class DnSubtrees implements Subtrees<Name> {
  readonly #use: SubtreeUse;
  readonly #nodes = new Map<string, number>();
  readonly #bases = new Set<number>();
  readonly #all: { readonly base: GeneralName; readonly name: Name }[] = [];
  #isComparable = true;

  constructor(use: SubtreeUse) {
    this.#use = use;
  }

  add(base: GeneralName): boolean {
    if (base.kind !== 'dn') return false;
    const { name } = base;
    let node = 0;
    for (const rdn of this.#keysOf(name)) {
      const edge = `${node} ${rdn}`;
      const next = this.#nodes.get(edge) ?? this.#nodes.size + 1;
      this.#nodes.set(edge, next);
      node = next;
    }
    this.#bases.add(node);
    this.#all.push({ base, name });
    this.#isComparable &&= name.isComparable;
    return true;
  }

  covers(name: Name): boolean {
    let node = 0;
    if (this.#bases.has(node)) return true;
    for (const rdn of this.#keysOf(name)) {
      const next = this.#nodes.get(`${node} ${rdn}`);
      if (next === undefined) return false;
      if (this.#bases.has(next)) return true;
      node = next;
    }
    return false;
  }

  touches(name: Name): boolean {
    return this.covers(name);
  }

  doubtfulBase(name: Name): GeneralName | undefined {
    if (this.#isComparable && name.isComparable) return undefined;
    return this.#all.find(
      (one) => !(one.name.isComparable && name.isComparable) && mayBeWithin(name.outline, one.name.outline),
    )?.base;
  }

  #keysOf(name: Name): readonly string[] {
    return this.#use === 'permitted' ? name.exactRdnKeys : name.rdnKeys;
  }
}

export const dnForm: NameForm<Name> = {
  title: 'directoryName',
  read: (name) => (name.kind === 'dn' ? name.name : undefined),
  subtrees: (use) => new DnSubtrees(use),
};
