import { readAlgorithm } from './algorithm.js';
import { contextConstructed, DerReader, TAG } from './der.js';
import { OID } from './oid.js';
import { malformed, X509Error } from './x509-error.js';

/** RSASSA-PSS-params (RFC 4055 §3.1). */
export interface PssParameters {
  /** Its name in lower case, as in `node:crypto`; the mask generation uses the same. */
  readonly digest: string;
  /** In octets. */
  readonly saltLength: number;
}

const DIGESTS = new Map<string, string>([
  [OID.sha1, 'sha1'],
  [OID.sha224, 'sha224'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
]);

/**
 * Reads the parameters strictly; what is absent has its DEFAULT (SHA-1, MGF1 with SHA-1, 20 octets). MGF1 with another
 * digest than the signature's is UNSUPPORTED_ALGORITHM: OpenSSL through Node could check it, but it is not in use.
 */
export function readPssParameters(parameters: Uint8Array): PssParameters {
  const what = 'RSASSA-PSS parameters';
  const r = new DerReader(parameters);
  const outer = r.enter(TAG.sequence, what);
  let digest = 'sha1';
  if (r.peek() === contextConstructed(0)) {
    const outerHash = r.enter(contextConstructed(0), what);
    digest = readDigest(r, what);
    r.leave(outerHash, what);
  }
  let maskDigest = 'sha1';
  if (r.peek() === contextConstructed(1)) {
    const outerMask = r.enter(contextConstructed(1), what);
    maskDigest = readMaskDigest(r, what);
    r.leave(outerMask, what);
  }
  let saltLength = 20;
  if (r.peek() === contextConstructed(2)) {
    const outerSalt = r.enter(contextConstructed(2), what);
    saltLength = r.unsigned(what);
    r.leave(outerSalt, what);
  }
  if (r.peek() === contextConstructed(3)) {
    const outerTrailer = r.enter(contextConstructed(3), what);
    if (r.unsigned(what) !== 1) throw malformed(`${what} have an unknown trailer field`);
    r.leave(outerTrailer, what);
  }
  r.leave(outer, what);
  r.finish(what);
  if (maskDigest !== digest)
    throw new X509Error('UNSUPPORTED_ALGORITHM', `${what} combine ${digest} with MGF1 of ${maskDigest}`);
  return { digest, saltLength };
}

function readMaskDigest(r: DerReader, what: string): string {
  const outer = r.enter(TAG.sequence, what);
  const oid = r.oid(what);
  if (oid !== OID.mgf1)
    throw new X509Error('UNSUPPORTED_ALGORITHM', `${what} use the mask generation ${oid}`);
  const digest = readDigest(r, what);
  r.leave(outer, what);
  return digest;
}

/** RFC 4055 §2.1: NULL and absent parameters of a digest are both to be accepted. */
function readDigest(r: DerReader, what: string): string {
  const algorithm = readAlgorithm(r, what);
  const digest = DIGESTS.get(algorithm.oid);
  if (digest === undefined)
    throw new X509Error('UNSUPPORTED_ALGORITHM', `${what} use the digest ${algorithm.oid}`);
  if (!isNullOrAbsent(algorithm.parameters)) throw malformed(`${what} have parameters of the digest`);
  return digest;
}

export function isNullOrAbsent(parameters: Uint8Array | null): boolean {
  return parameters === null || (parameters.length === 2 && parameters[0] === TAG.null);
}
