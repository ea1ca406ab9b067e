import type { GeneralName } from '../../x509/general-name.js';
import { mayBeWithin } from '../../x509/name-outline.js';
import type { Name } from '../../x509/name.js';
import type { NameForm, Subtrees, SubtreeUse } from './subtrees.js';

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
