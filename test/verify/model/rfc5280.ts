import type { VerdictStatus } from '../../../src/wire/verdict.js';
import type { CertificateDescription, CrlDescription, Entity, Graph } from './graph.js';

/**
 * RFC 5280 §6.1 and as much of §6.3 as the graphs need, slow and obvious: every simple path, each rule as its
 * sentence in the RFC reads, on the description alone. It shares no code and no idea of order with the engine.
 */
export function modelStatus(
  graph: Graph,
  options: { readonly purpose: boolean; readonly revocation: boolean },
): VerdictStatus {
  let best: VerdictStatus = 'invalid';
  for (const { path, anchor } of everyPath(graph)) {
    const certificates = path.map((index) => graph.certificates[index]!);
    if (!isValidPath(certificates, anchor, options.purpose)) continue;
    const status = options.revocation ? revocationOf(graph, path, anchor) : 'valid';
    if (status === 'valid') return 'valid';
    if (status === 'indeterminate') best = 'indeterminate';
  }
  return best;
}

interface Path {
  /** Indices of certificates, leaf first. */
  readonly path: readonly number[];
  readonly anchor: Entity;
}

/** Every way from the leaf to an anchor by names, no certificate twice. */
function everyPath({ certificates, anchors }: Graph): Path[] {
  const paths: Path[] = [];
  const walk = (path: readonly number[]): void => {
    const wanted = certificates[path.at(-1)!]!.issuer.name;
    for (const anchor of anchors) if (anchor.name === wanted) paths.push({ path, anchor });
    for (const [index, { subject }] of certificates.entries()) {
      if (index !== 0 && subject.name === wanted && !path.includes(index)) walk([...path, index]);
    }
  };
  walk([0]);
  return paths;
}

function isValidPath(path: readonly CertificateDescription[], anchor: Entity, purpose: boolean): boolean {
  return path.every((certificate, position) => {
    const issuer = path[position + 1]?.subject ?? anchor;
    return (
      // §6.1 (a): the subject of the issuer is the issuer of the certificate, and (1) its key signed
      certificate.issuer.name === issuer.name &&
      certificate.issuer.key === issuer.key &&
      !certificate.brokenSignature &&
      certificate.validity === 'current' &&
      // §4.2: "A certificate-using system MUST reject the certificate if it encounters a critical extension it
      // does not recognize"
      !certificate.unknownCritical &&
      (position === 0 ? !purpose || serves(certificate) : mayIssue(path, position))
    );
  });
}

/** §4.2.1.9, §4.2.1.3, and what pathLenConstraint counts: "non-self-issued intermediate certificates that may follow". */
function mayIssue(path: readonly CertificateDescription[], position: number): boolean {
  const { ca, pathLength, keyUsage } = path[position]!;
  const following = path.slice(1, position).filter(({ subject, issuer }) => subject.name !== issuer.name);
  return (
    ca === true &&
    keyUsage?.keyCertSign !== false &&
    (pathLength === undefined || following.length <= pathLength)
  );
}

/** §4.2.1.12 */
function serves({ purposes }: CertificateDescription): boolean {
  return purposes === undefined || purposes.includes('serverAuth') || purposes.includes('any');
}

/** Every certificate but the anchor: revoked beats unknown, unknown beats good. */
function revocationOf(graph: Graph, path: readonly number[], anchor: Entity): VerdictStatus {
  const found = path.map((index, position) => {
    const above = path[position + 1];
    const issuer = above === undefined ? anchor : graph.certificates[above]!.subject;
    // §6.3.3 (f)
    return stateOf(index, issuer, graph.withoutCrlSign.includes(issuer.name) ? [] : graph.crls);
  });
  const states = new Set(found);
  if (states.has('revoked')) return 'invalid';
  return states.has('unknown') ? 'indeterminate' : 'valid';
}

/** The newest CRL that its issuer signed decides; when it is stale it can still name the revoked. */
function stateOf(
  serial: number,
  issuer: Entity,
  crls: readonly CrlDescription[],
): 'good' | 'revoked' | 'unknown' {
  const authentic = crls.filter(
    (crl) => crl.issuer.name === issuer.name && crl.issuer.key === issuer.key && !crl.brokenSignature,
  );
  const newest = authentic.toSorted((a, b) => a.age - b.age)[0];
  if (newest === undefined) return 'unknown';
  if (newest.revoked.includes(serial)) return 'revoked';
  return newest.isStale ? 'unknown' : 'good';
}
