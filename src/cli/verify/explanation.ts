import { spkiId } from '../../verify/keys/ca-key.js';
import { keyName } from '../../verify/keys/key-name.js';
import { verify, type VerifyEnvironment } from '../../verify/verify.js';
import type { VerifyRequest } from '../../wire/request.js';
import { OCSP_SOURCE, type RevocationEvidence, type Verdict, VERDICT_CODES } from '../../wire/verdict.js';
import { type Certificate, parseCertificate } from '../../x509/certificate.js';
import { verdictLine } from './verdict-line.js';
import { messageOf, PkixdError } from '../../errors.js';
import { type Attempt, AttemptTree, type Ending } from './attempt-tree.js';
import { type CertificateFacts, factLines, factsOf, nameText } from './certificate-facts.js';

/** A verdict with its derivation. Certificates are numbered from 1 in the order of the search, the leaf first. */
export interface Explanation {
  readonly verdict: Verdict;
  readonly tree: Attempt | undefined;
  readonly certificates: readonly Certificate[];
  /** Certificates of the request that the search never came by, and why others were set aside. */
  readonly notTried: readonly Certificate[];
  readonly setAside: readonly string[];
}

/** Verifies as a server would, and keeps what was tried. Throws `RequestError`. */
export function explainRequest(request: VerifyRequest, environment: VerifyEnvironment): Explanation {
  const attempts = new AttemptTree();
  const verdict = verify(request, environment, attempts);
  const tree = attempts.root;
  const met = new Map<string, Certificate>();
  if (tree !== undefined) collect(tree, met);
  const notTried = new Map<string, Certificate>();
  const setAside: string[] = [];
  for (const [index, der] of request.certificates.entries()) {
    try {
      const certificate = parseCertificate(der);
      // A leaf that is an anchor, say, is where the search ends before it begins: it is shown all the same.
      const list = index === 0 || met.has(certificate.fingerprint) ? met : notTried;
      if (!list.has(certificate.fingerprint)) list.set(certificate.fingerprint, certificate);
    } catch (error) {
      if (!(error instanceof PkixdError)) throw error;
      setAside.push(`certificate ${index + 1} of the input: ${messageOf(error)}`);
    }
  }
  return { verdict, tree, certificates: [...met.values()], notTried: [...notTried.values()], setAside };
}

function collect({ certificate, above }: Attempt, met: Map<string, Certificate>): void {
  if (!met.has(certificate.fingerprint)) met.set(certificate.fingerprint, certificate);
  for (const attempt of above) collect(attempt, met);
}

/** How the lines call each certificate, by its fingerprint. */
interface Labels {
  /** From 1. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Where certificates of one name have different keys: whose name alone does not say which is meant. */
  readonly ambiguous: ReadonlySet<string>;
}

function labelsOf({ certificates }: Explanation): Labels {
  const numbers = new Map(certificates.map(({ fingerprint }, index) => [fingerprint, index + 1]));
  const keys = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const { subject, spki } of certificates) {
    const name = nameText(subject);
    const key = spkiId(spki);
    if ((keys.get(name) ?? key) !== key) ambiguous.add(name);
    keys.set(name, key);
  }
  return { numbers, ambiguous };
}

/** For a person to read: the verdict, the tree of tried paths, and what each certificate says. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { verdict, tree, certificates, notTried, setAside } = explanation;
  const labels = labelsOf(explanation);
  const lines = [verdictLine(verdict)];
  if (verdict.validUntil !== null) lines.push(`valid until ${verdict.validUntil}`);
  if (tree !== undefined) lines.push('', 'Paths tried', ...treeLines(tree, labels));
  if (certificates.length > 0) lines.push('', 'Certificates (! critical)');
  for (const [index, certificate] of certificates.entries()) {
    lines.push(`[${index + 1}]`, ...factLines(factsOf(certificate)).map((line) => `    ${line}`));
  }
  const aside = [
    ...notTried.map((certificate) => `${nameText(certificate.subject)}: no path came by it`),
    ...setAside,
  ];
  if (aside.length > 0) lines.push('', 'Not used', ...aside.map((line) => `    ${line}`));
  return lines;
}

/**
 *     [1] CN=leaf
 *     ├─ [2] CN=cross CA
 *     │     ✗ EXPIRED, RFC 5280 §6.1.3 (a)(2): …
 *     └─ [3] CN=CA
 *        └─ [4] CN=root, trust anchor
 *              ✓ OK, RFC 5280 §6.1.5: the path holds
 */
function treeLines(attempt: Attempt, labels: Labels): string[] {
  const { certificate, isAnchor, above, endings } = attempt;
  const kind = isAnchor ? ', trust anchor' : '';
  const name = nameText(certificate.subject);
  const which = labels.ambiguous.has(name) ? ` (${keyName(certificate)})` : '';
  const head = `${reference(certificate, labels)} ${name}${which}${kind}`;
  const stem = above.length > 0 ? '│  ' : '   ';
  const lines = [
    head,
    ...endings.flatMap((ending) => endingLines(ending, labels)).map((line) => stem + line),
  ];
  for (const [index, next] of above.entries()) {
    const isLast = index === above.length - 1;
    const [first = '', ...rest] = treeLines(next, labels);
    lines.push((isLast ? '└─ ' : '├─ ') + first, ...rest.map((line) => (isLast ? '   ' : '│  ') + line));
  }
  return lines;
}

const MARKS = { valid: '✓', invalid: '✗', indeterminate: '?' } as const;

function endingLines({ code, section, message, at, revocation }: Ending, labels: Labels): string[] {
  const where = at === undefined ? '' : ` at ${reference(at, labels)}`;
  const mark = MARKS[VERDICT_CODES[code][0]];
  return [
    `${mark} ${code}${where}, ${section}: ${message}`,
    ...revocation.map((one) => `  revocation of [${labels.numbers.get(one.cert)}]: ${evidenceText(one)}`),
  ];
}

function evidenceText({ state, source, number, thisUpdate, nextUpdate }: RevocationEvidence): string {
  if (source === null) return `${state}, no CRL`;
  if (source === OCSP_SOURCE)
    return `${state}, OCSP response of ${thisUpdate}, next ${nextUpdate ?? 'not said'}`;
  const which = number === null ? '' : ` ${number}`;
  return `${state}, CRL${which} (${source}) of ${thisUpdate}, next ${nextUpdate ?? 'not said'}`;
}

function reference({ fingerprint }: Certificate, { numbers }: Labels): string {
  return `[${numbers.get(fingerprint)}]`;
}

/** The tree for programs; `certificate` and `at` count from 1 in `certificates`. */
interface AttemptJson {
  readonly certificate: number | undefined;
  readonly isAnchor: boolean;
  readonly endings: readonly object[];
  readonly above: readonly AttemptJson[];
}

/** For programs: the same, `certificates` by their facts. */
export function explanationJson(explanation: Explanation): object {
  const { verdict, tree, certificates, notTried, setAside } = explanation;
  const { numbers } = labelsOf(explanation);
  const facts: CertificateFacts[] = certificates.map(factsOf);
  return {
    verdict,
    tree: tree === undefined ? null : attemptJson(tree, numbers),
    certificates: facts,
    notTried: notTried.map(factsOf),
    setAside,
  };
}

function attemptJson(
  { certificate, isAnchor, above, endings }: Attempt,
  numbers: Labels['numbers'],
): AttemptJson {
  return {
    certificate: numbers.get(certificate.fingerprint),
    isAnchor,
    endings: endings.map(({ at, ...ending }) => ({
      status: VERDICT_CODES[ending.code][0],
      ...ending,
      at: at === undefined ? null : numbers.get(at.fingerprint),
    })),
    above: above.map((next) => attemptJson(next, numbers)),
  };
}
