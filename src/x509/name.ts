/** A distinguished name (RFC 5280 §4.1.2.4). */
export interface Name {
  /** The whole Name TLV. */
  readonly der: Uint8Array;
  /** No RDN at all. */
  readonly empty: boolean;
  /** Equal for two names exactly when §7.1 calls them the same; computed at first use. */
  readonly key: string;
}

/** Are two names the same by RFC 5280 §7.1? */
export function sameName(a: Name, b: Name): boolean {
  return a.key === b.key;
}

/** The name for people, as RFC 4514 writes it (most specific RDN first). */
export function formatName(_name: Name): string {
  throw new Error('not built');
}
