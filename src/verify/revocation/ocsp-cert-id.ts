import { hash } from 'node:crypto';
import type { Certificate } from '../../x509/certificate.js';
import type { CertId } from '../../x509/ocsp.js';
import { OID } from '../../x509/oid.js';
import { isNullOrAbsent } from '../../x509/pss-parameters.js';
import { type Budget, HASH_RATE } from '../budget.js';

const DIGESTS: ReadonlyMap<string, string> = new Map([
  [OID.sha1, 'sha1'],
  [OID.sha224, 'sha224'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
]);

interface Hashes {
  /** One hash for each encoding of the issuer's name. */
  readonly names: readonly Buffer[];
  readonly key: Buffer;
}

/**
 * RFC 6960 §4.1.1: knows one certificate among those that responses are about. SHA-1 does no harm here: it only finds
 * the response, whose signature is still to be that of this very issuer.
 */
export class CertIdMatcher {
  readonly #certificate: Certificate;
  readonly #issuer: Certificate;
  readonly #budget: Budget;
  readonly #hashes = new Map<string, Hashes>();

  constructor(certificate: Certificate, issuer: Certificate, budget: Budget) {
    this.#certificate = certificate;
    this.#issuer = issuer;
    this.#budget = budget;
  }

  /** A CertID with another hash, or with hash parameters, matches no certificate. */
  matches({ serial, hashAlgorithm, issuerNameHash, issuerKeyHash }: CertId): boolean {
    if (Buffer.compare(serial, this.#certificate.serial) !== 0) return false;
    const digest = DIGESTS.get(hashAlgorithm.oid);
    if (digest === undefined || !isNullOrAbsent(hashAlgorithm.parameters)) return false;
    const { names, key } = this.#hashesBy(digest);
    return (
      Buffer.compare(issuerKeyHash, key) === 0 &&
      names.some((name) => Buffer.compare(issuerNameHash, name) === 0)
    );
  }

  /**
   * Hashes the issuer field of the certificate, as §4.1.1 has it, the issuer's own subject, which may be the same name in
   * other string types, and the issuer's key without tag, length and unused bits.
   */
  #hashesBy(digest: string): Hashes {
    const known = this.#hashes.get(digest);
    if (known !== undefined) return known;
    const field = this.#certificate.issuer.der;
    const subject = this.#issuer.subject.der;
    const written = Buffer.compare(field, subject) === 0 ? [field] : [field, subject];
    const key = this.#issuer.subjectPublicKey;
    const octets = written.reduce((sum, name) => sum + name.length, key.length);
    this.#budget.spendSignature(octets / HASH_RATE);
    const names = written.map((name) => hash(digest, name, 'buffer'));
    const hashes = { names, key: hash(digest, key, 'buffer') };
    this.#hashes.set(digest, hashes);
    return hashes;
  }
}
