import type { Failure } from '../../verify/failure.js';
import type { Trace } from '../../verify/trace.js';
import { outcomeText } from '../../verify/verdict.js';
import { type RevocationEvidence, type VerdictCode, VERDICT_CODES } from '../../wire/verdict.js';
import { sectionText } from '../../wire/verdict-reference.js';
import type { Certificate } from '../../x509/certificate.js';
import type { CertificationPath } from '../../verify/certification-path.js';
import type { Outcome } from '../../verify/outcome.js';

/** The result of one branch of the search. */
export interface Ending {
  readonly code: VerdictCode;
  readonly section: string;
  readonly message: string;
  /** The certificate that failed the check. */
  readonly at: Certificate | undefined;
  readonly revocation: readonly RevocationEvidence[];
}

/**
 * A certificate that the search visited, with the issuers that were tried above it; the leaf is the root of the tree.
 */
export interface Attempt {
  readonly certificate: Certificate;
  readonly isAnchor: boolean;
  readonly above: readonly Attempt[];
  readonly endings: readonly Ending[];
}

interface Growing extends Attempt {
  readonly above: Growing[];
  readonly endings: Ending[];
}

/** Joins the paths that a verification tried into one tree, with common beginnings once. */
export class AttemptTree implements Trace {
  #root: Growing | undefined;
  #checked: Certificate | undefined;

  /** `undefined` if the search did not begin. */
  get root(): Attempt | undefined {
    return this.#root;
  }

  checking(certificate: Certificate): void {
    this.#checked = certificate;
  }

  judged({ certificates, anchor }: CertificationPath, outcome: Outcome): void {
    const { code, revocation } = outcome;
    const at = culprit([...certificates, anchor.certificate], outcome) ?? this.#checked;
    this.#checked = undefined;
    this.#grow(certificates, anchor.certificate).endings.push({
      code,
      message: outcomeText(outcome),
      revocation,
      section: sectionOf(outcome),
      at: VERDICT_CODES[code][0] === 'valid' ? undefined : at,
    });
  }

  givenUp(certificates: readonly Certificate[], failure: Failure): void {
    const { code, message } = failure;
    this.#grow(certificates).endings.push({
      code,
      message,
      revocation: [],
      section: sectionOf(failure),
      at: undefined,
    });
  }

  /** The node where this path ends. */
  #grow([leaf, ...others]: readonly Certificate[], anchor?: Certificate): Growing {
    if (leaf === undefined) throw new Error('a path without a leaf');
    let node = (this.#root ??= { certificate: leaf, isAnchor: false, above: [], endings: [] });
    for (const certificate of others) node = child(node, certificate, false);
    return anchor === undefined ? node : child(node, anchor, true);
  }
}

function child({ above }: Growing, certificate: Certificate, isAnchor: boolean): Growing {
  const known = above.find((node) => node.certificate === certificate && node.isAnchor === isAnchor);
  if (known !== undefined) return known;
  const node = { certificate, isAnchor, above: [], endings: [] };
  above.push(node);
  return node;
}

/** Revocation is checked last, so a failure after it is its result. */
function culprit(path: readonly Certificate[], { revocation }: Outcome): Certificate | undefined {
  const bad =
    revocation.find(({ state }) => state === 'revoked') ??
    revocation.find(({ state }) => state === 'unknown');
  return path.find(({ fingerprint }) => fingerprint === bad?.cert);
}

function sectionOf({ code, section = VERDICT_CODES[code][1] }: Outcome | Failure): string {
  return sectionText(section);
}
