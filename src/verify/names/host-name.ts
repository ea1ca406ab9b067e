/** Labels of letters, digits, hyphens and underscores; real names have hyphens and underscores anywhere. */
const HOST = /^[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63})*$/i;
const MAX_HOST = 253;

/**
 * The host name in lower case; `undefined` for what is none, a final dot included. Internationalised names stand in
 * certificates as A-labels and are compared as these (§7.2, RFC 9549).
 */
export function parseHost(text: string): string | undefined {
  // The test comes first: the Kelvin sign in lower case is an ASCII letter.
  return text.length <= MAX_HOST && HOST.test(text) ? text.toLowerCase() : undefined;
}

/**
 * Hosts, and domains for everything beneath them. A look-up costs as many steps as the domains have different
 * numbers of labels, however many domains there are.
 */
export class HostSet {
  readonly #hosts = new Set<string>();
  /** Each host without its first label: what a wildcard would have to stand on to stand for the host. */
  readonly #parents = new Set<string>();
  /** By their number of labels; the domain '' without labels is above everything. */
  readonly #domains = new Map<number, Set<string>>();

  addHost(host: string): void {
    this.#hosts.add(host);
    const dot = host.indexOf('.');
    if (dot > 0) this.#parents.add(host.slice(dot + 1));
  }

  addDomain(domain: string): void {
    const labels = suffixesOf(domain).length - 1;
    const domains = this.#domains.get(labels);
    if (domains === undefined) this.#domains.set(labels, new Set([domain]));
    else domains.add(domain);
  }

  /** Does the host, or every host that the wildcard name `*.…` stands for, lie within? */
  covers(host: string): boolean {
    if (this.#hosts.has(host)) return true;
    const suffixes = suffixesOf(host);
    for (const [labels, domains] of this.#domains) {
      const start = labels < suffixes.length - 1 ? suffixes[labels] : undefined;
      if (start !== undefined && domains.has(host.slice(start))) return true;
    }
    return false;
  }

  /** Does the host, or any host that the wildcard name `*.…` stands for, lie within? */
  touches(host: string): boolean {
    return this.covers(host) || (host.startsWith('*.') && this.#parents.has(host.slice(2)));
  }
}

/** "example.com" is that host; ".example.com" is every host beneath it, but not itself. */
export function addHostOrDomain(hosts: HostSet, base: string): boolean {
  const isDomain = base.startsWith('.');
  const host = parseHost(isDomain ? base.slice(1) : base);
  if (host === undefined) return false;
  if (isDomain) hosts.addDomain(host);
  else hosts.addHost(host);
  return true;
}

/** The offsets at which the last 0, 1, 2 … labels of a host begin. */
function suffixesOf(host: string): number[] {
  const starts = [host.length];
  for (let at = host.length; at > 0;) {
    const dot = host.lastIndexOf('.', at - 1);
    starts.push(dot + 1);
    at = dot;
  }
  return starts;
}
