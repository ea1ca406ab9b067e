import type { GeneralName } from '../../x509/general-name.js';
import type { ConstrainedName } from './constrained-names.js';

/** What names are compared with: subtrees of one form, permitted or excluded. */
export interface Subtrees<N> {
  /** False for a base that is not a subtree of this form. */
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
export const NO_DOUBT = (): undefined => undefined;
