import type { GeneralName } from '../../x509/general-name.js';
import type { ConstrainedName } from './constrained-names.js';

/** The subtrees of one form, permitted or excluded, that names are compared with. */
export interface Subtrees<N> {
  /** False for a base that is not a subtree of this form. */
  add(base: GeneralName): boolean;
  /** Whether the name lies within; for a wildcard, all names that it matches. */
  covers(name: N): boolean;
  /** Does any part of the name lie within, or may it be read so? */
  touches(name: N): boolean;
  /** A subtree that the name cannot be compared with, so that it may lie within. Asked where it touches none. */
  doubtfulBase(name: N): GeneralName | undefined;
}

/** The use of the subtrees: permission needs certain equality, exclusion also counts possible equality. */
export type SubtreeUse = 'permitted' | 'excluded';

/** How names of one form are read and compared (RFC 5280 §4.2.1.10). */
export interface NameForm<N> {
  /** In the RFC's spelling. */
  readonly title: string;
  /** The name in the form in which it is compared; `undefined` for one that is malformed. */
  read(name: ConstrainedName): N | undefined;
  subtrees(use: SubtreeUse): Subtrees<N>;
}

/** Texts and addresses can always be compared, once they have been read. */
export const NO_DOUBT = (): undefined => undefined;
