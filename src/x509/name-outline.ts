import { DerReader, TAG } from './der.js';
import { readAttributeKey } from './name-key.js';

/**
 * An RDN whose values may not all be comparable: an open value is one that no preparation makes comparable with
 * others, so it may be the same as any value of its attribute type.
 */
interface RdnOutline {
  readonly attributes: readonly { readonly type: string; readonly key: string; readonly isOpen: boolean }[];
  readonly keys: ReadonlySet<string>;
  /** The attribute types that stand in it, and those with an open value. */
  readonly types: ReadonlySet<string>;
  readonly openTypes: ReadonlySet<string>;
}

/** The RDNs of a Name that has been read before, most general first. */
export type NameOutline = readonly RdnOutline[];

export function outlineOf(name: Uint8Array): NameOutline {
  const rdns: RdnOutline[] = [];
  const r = new DerReader(name);
  r.enter(TAG.sequence, 'name');
  while (!r.done) {
    const outer = r.enter(TAG.set, 'name');
    const attributes = [];
    while (!r.done) {
      const traits = { isComparable: true, hasTeletex: false };
      const key = readAttributeKey(r, traits, 'text');
      attributes.push({ key, type: key.slice(0, key.indexOf('=')), isOpen: !traits.isComparable });
    }
    r.leave(outer, 'name');
    rdns.push({
      attributes,
      keys: new Set(attributes.map(({ key }) => key)),
      types: new Set(attributes.map(({ type }) => type)),
      openTypes: new Set(attributes.flatMap(({ type, isOpen }) => (isOpen ? [type] : []))),
    });
  }
  return rdns;
}

/** May the first RDNs of the name be those of the base? Values that are equal more than once in an RDN count once. */
export function mayBeWithin(name: NameOutline, base: NameOutline): boolean {
  return (
    base.length <= name.length &&
    base.every((rdn, index) => {
      const other = name[index];
      return other !== undefined && eachHasPartner(rdn, other) && eachHasPartner(other, rdn);
    })
  );
}

function eachHasPartner({ attributes }: RdnOutline, other: RdnOutline): boolean {
  return attributes.every(
    ({ type, key, isOpen }) =>
      other.keys.has(key) || other.openTypes.has(type) || (isOpen && other.types.has(type)),
  );
}
