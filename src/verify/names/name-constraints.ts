import type { Certificate } from '../../x509/certificate.js';
import type { NameConstraints } from '../../x509/extensions.js';
import type { GeneralName } from '../../x509/general-name.js';
import { formatName } from '../../x509/name.js';
import type { Budget } from '../budget.js';
import {
  type ConstrainedName,
  type ConstrainedNames,
  constrainedNames,
  type NameKind,
} from './constrained-names.js';
import { VerifyError } from '../failure.js';
import { dnForm } from './dn-form.js';
import { mailForm } from './mail-form.js';
import { dnsForm, ipForm, uriForm } from './name-forms.js';
import { differenceOf, textOf } from './constraint-text.js';
import type { NameForm, Subtrees, SubtreeUse } from './subtrees.js';
import type { Trace } from '../trace.js';

/**
 * §6.1.2 (b)(c): the permitted and excluded subtrees of the path so far. They are kept as what each CA wrote: a name
 * lies in the intersection of what several CAs permit when each of them permits it, and in the union of what they
 * exclude when one of them excludes it.
 */
export class NameConstraintState {
  readonly #constraints: CaConstraints[] = [];

  /** §6.1.4 (g) */
  add(ca: Certificate): void {
    const { nameConstraints } = ca;
    if (nameConstraints !== undefined) this.#constraints.push(constraintsOf(ca, nameConstraints));
  }

  /**
   * §6.1.3 (b)(c). Throws NAME_CONSTRAINT, NAME_FORM_UNSUPPORTED or BUDGET_EXCEEDED; where there is a trace, the message
   * tells names apart that look alike.
   */
  check(certificate: Certificate, budget: Budget, trace?: Trace): void {
    if (this.#constraints.length === 0) return;
    const names = constrainedNames(certificate);
    for (const constraints of this.#constraints) {
      budget.spendNames(constraints.names(names));
      budget.spendComparisons(constraints.comparisons(names));
      budget.spendNameOctets(constraints.nameOctets(names));
      budget.spendComparisons(constraints.doubtfulComparisons(names));
      constraints.check(names, certificate, trace);
    }
  }
}

/** CAs come again and again as the same objects: what they permit and exclude is sorted once for each. */
const known = new WeakMap<Certificate, CaConstraints>();

function constraintsOf(ca: Certificate, extension: NameConstraints): CaConstraints {
  const found = known.get(ca) ?? new CaConstraints(ca, extension);
  known.set(ca, found);
  return found;
}

/** The constraints of one CA. "Restrictions apply only when the specified name form is present" (§4.2.1.10). */
class CaConstraints {
  readonly #forms: readonly FormConstraint[];

  constructor(ca: Certificate, { permitted, excluded }: NameConstraints) {
    const kinds = new Set(permitted.map(({ kind }) => kind));
    for (const { kind } of excluded) kinds.add(kind);
    this.#forms = Array.from(kinds, (kind) => {
      const ofKind = (base: GeneralName): boolean => base.kind === kind;
      return formConstraint(kind, ca, permitted.filter(ofKind), excluded.filter(ofKind));
    });
  }

  comparisons(names: ConstrainedNames): number {
    let total = 0;
    for (const { kind, size } of this.#forms) total += size * (names.get(kind)?.length ?? 0);
    return total;
  }

  /** How many names are looked at. */
  names(names: ConstrainedNames): number {
    let total = 0;
    for (const { kind } of this.#forms) total += names.get(kind)?.length ?? 0;
    return total;
  }

  /** The cost of preparing directory names for comparison; only the first comparison costs this. */
  nameOctets(names: ConstrainedNames): number {
    const dns = names.get('dn');
    const form = this.#forms.find(({ kind }) => kind === 'dn');
    return dns === undefined || form === undefined ? 0 : octetsOf(dns) + form.octets;
  }

  /** The additional cost if directory names cannot be compared by their keys; called once their octets are charged. */
  doubtfulComparisons(names: ConstrainedNames): number {
    const dns = names.get('dn');
    const form = this.#forms.find(({ kind }) => kind === 'dn');
    if (dns === undefined || form === undefined) return 0;
    const isClear =
      form.areBasesComparable && dns.every((name) => name.kind !== 'dn' || name.name.isComparable);
    return isClear ? 0 : form.size * Math.ceil(octetsOf(dns) / OCTETS_OF_COMPARISON);
  }

  check(names: ConstrainedNames, certificate: Certificate, trace: Trace | undefined): void {
    for (const form of this.#forms) {
      for (const name of names.get(form.kind) ?? []) form.check(name, certificate, trace);
    }
  }
}

/** Octets of a name that cannot be compared by its key are worked through as often as it is compared. */
const OCTETS_OF_COMPARISON = 8;

function octetsOf(names: readonly ConstrainedName[]): number {
  let octets = 0;
  for (const name of names) if (name.kind === 'dn') octets += name.name.der.length;
  return octets;
}

/** The constraints of one CA on names of one form. */
interface FormConstraint {
  readonly kind: NameKind;
  /** How many subtrees each name is compared with. */
  readonly size: number;
  /** The octets of the directory names among them. */
  readonly octets: number;
  /** Asked once their octets are paid. */
  readonly areBasesComparable: boolean;
  check(name: ConstrainedName, certificate: Certificate, trace: Trace | undefined): void;
}

function formConstraint(
  kind: NameKind,
  ca: Certificate,
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
): FormConstraint {
  switch (kind) {
    case 'dns':
      return new ComparedForm(kind, dnsForm, ca, permitted, excluded);
    case 'rfc822':
      return new ComparedForm(kind, mailForm, ca, permitted, excluded);
    case 'uri':
      return new ComparedForm(kind, uriForm, ca, permitted, excluded);
    case 'ip':
      return new ComparedForm(kind, ipForm, ca, permitted, excluded);
    case 'dn':
      return new ComparedForm(kind, dnForm, ca, permitted, excluded);
    default:
      return new UnknownForm(kind, ca);
  }
}

/** §4.2.1.10: the syntax and meaning of constraints on these forms are not defined: "reject the certificate". */
class UnknownForm implements FormConstraint {
  readonly kind: NameKind;
  readonly size = 0;
  readonly octets = 0;
  readonly areBasesComparable = true;
  readonly #ca: Certificate;

  constructor(kind: NameKind, ca: Certificate) {
    this.kind = kind;
    this.#ca = ca;
  }

  check(_name: ConstrainedName, certificate: Certificate): void {
    throw new VerifyError(
      'NAME_FORM_UNSUPPORTED',
      `${formatName(certificate.subject)} has a name of a form (${this.kind}) that ${formatName(this.#ca.subject)} ` +
        'constrains and nobody can compare',
    );
  }
}

interface PreparedSubtrees<N> {
  /** `undefined`: every name is permitted. */
  readonly permitted: Subtrees<N> | undefined;
  readonly excluded: Subtrees<N>;
  /** An empty base: its meaning is not defined. */
  readonly malformed: GeneralName | undefined;
}

class ComparedForm<N> implements FormConstraint {
  readonly kind: NameKind;
  readonly size: number;
  readonly octets: number;
  readonly #form: NameForm<N>;
  readonly #ca: Certificate;
  readonly #permittedBases: readonly GeneralName[];
  readonly #excludedBases: readonly GeneralName[];
  /** Made for the first name of the form, once it is paid for. */
  #subtrees: PreparedSubtrees<N> | undefined;
  #areComparable: boolean | undefined;

  constructor(
    kind: NameKind,
    form: NameForm<N>,
    ca: Certificate,
    permitted: readonly GeneralName[],
    excluded: readonly GeneralName[],
  ) {
    this.kind = kind;
    this.size = permitted.length + excluded.length;
    this.octets = octetsOf(permitted) + octetsOf(excluded);
    this.#form = form;
    this.#ca = ca;
    this.#permittedBases = permitted;
    this.#excludedBases = excluded;
  }

  get areBasesComparable(): boolean {
    return (this.#areComparable ??= this.#excludedBases.every(
      (base) => base.kind !== 'dn' || base.name.isComparable,
    ));
  }

  check(name: ConstrainedName, certificate: Certificate, trace: Trace | undefined): void {
    const { permitted, excluded, malformed } = (this.#subtrees ??= this.#prepare());
    if (malformed !== undefined) {
      throw this.#failure(name, certificate, `cannot be compared with "${textOf(malformed)}"`);
    }
    const read = this.#form.read(name);
    if (read === undefined) throw this.#failure(name, certificate, 'is malformed');
    // §6.1.3 (c) first: what is excluded "is invalid regardless" of what is permitted (§4.2.1.10)
    if (excluded.touches(read)) throw this.#failure(name, certificate, 'is excluded', '6.1.3 (c)');
    const doubtful = excluded.doubtfulBase(read);
    if (doubtful !== undefined) {
      const what = `cannot be told from the excluded "${textOf(doubtful)}"${trace ? differenceOf(name, [doubtful]) : ''}`;
      throw this.#failure(name, certificate, what, '6.1.3 (c)');
    }
    // §6.1.3 (b)
    if (permitted?.covers(read) === false) {
      const what = `is not permitted${trace ? differenceOf(name, this.#permittedBases) : ''}`;
      throw this.#failure(name, certificate, what, '6.1.3 (b)');
    }
  }

  #prepare(): PreparedSubtrees<N> {
    let malformed: GeneralName | undefined;
    const subtreesOf = (bases: readonly GeneralName[], use: SubtreeUse): Subtrees<N> => {
      const subtrees = this.#form.subtrees(use);
      for (const base of bases) if (!subtrees.add(base)) malformed ??= base;
      return subtrees;
    };
    const permitted =
      this.#permittedBases.length === 0 ? undefined : subtreesOf(this.#permittedBases, 'permitted');
    const excluded = subtreesOf(this.#excludedBases, 'excluded');
    return { permitted, excluded, malformed };
  }

  #failure(name: ConstrainedName, certificate: Certificate, what: string, section = '4.2.1.10'): VerifyError {
    return new VerifyError(
      'NAME_CONSTRAINT',
      `${formatName(certificate.subject)}: the ${this.#form.title} "${textOf(name)}" ${what} by the constraints of ` +
        formatName(this.#ca.subject),
      section,
    );
  }
}
