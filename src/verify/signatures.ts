import type { Certificate } from '../x509/certificate.js';
import type { Crl } from '../x509/crl.js';
import { formatName } from '../x509/name.js';
import { verifySignature } from '../x509/signature.js';
import { type Budget, KEY_IMPORT_COST, signatureCost } from './budget.js';
import type { CaKey, CaMemory } from './ca-memory.js';
import { VerifyError } from './failure.js';

/** The signature checks of one request: each edge is paid for once, and CA edges are remembered beyond it. */
export class Signatures {
  readonly #memory: CaMemory;
  readonly #budget: Budget;
  readonly #leaf: Certificate;
  /** Edges of this request, good and bad, by child and then by the issuer key's id. */
  readonly #edges = new Map<Certificate, Map<string, boolean>>();

  constructor(memory: CaMemory, budget: Budget, leaf: Certificate) {
    this.#memory = memory;
    this.#budget = budget;
    this.#leaf = leaf;
  }

  /** The key of a CA or anchor; throws BAD_KEY or UNSUPPORTED_ALGORITHM. */
  key(holder: Certificate): CaKey {
    const known = this.#memory.key(holder);
    if (known !== undefined) return known;
    this.#budget.spendSignature(KEY_IMPORT_COST);
    return this.#memory.importKey(holder);
  }

  /** Throws BAD_SIGNATURE unless `issuer` signed `child`, and UNSUPPORTED_ALGORITHM when that cannot be said. */
  checkCertificate(child: Certificate, issuer: CaKey): void {
    if (this.#isSignedBy(child, issuer)) return;
    throw new VerifyError(
      'BAD_SIGNATURE',
      `the signature of ${formatName(child.subject)} is not its issuer's`,
    );
  }

  /** Did this key sign this CRL? Throws UNSUPPORTED_ALGORITHM when that cannot be said. */
  isCrlSignedBy(crl: Crl, issuer: CaKey): boolean {
    const known = this.#memory.crlSignature(crl, issuer);
    if (known !== undefined) return known;
    this.#budget.spendSignature(signatureCost(issuer.publicKey, crl.tbs.length));
    const verified = verifySignature(crl.signatureAlgorithm, crl.tbs, crl.signature, issuer.publicKey);
    this.#memory.rememberCrlSignature(crl, issuer, verified);
    return verified;
  }

  #isSignedBy(child: Certificate, issuer: CaKey): boolean {
    const edges = this.#edges.get(child);
    const known = edges?.get(issuer.id);
    if (known !== undefined) return known;
    const verified = this.#verify(child, issuer);
    if (edges === undefined) this.#edges.set(child, new Map([[issuer.id, verified]]));
    else edges.set(issuer.id, verified);
    return verified;
  }

  #verify(child: Certificate, issuer: CaKey): boolean {
    const isLeaf = child === this.#leaf;
    if (!isLeaf && this.#memory.isEdgeVerified(child, issuer)) return true;
    this.#budget.spendSignature(signatureCost(issuer.publicKey, child.tbs.length));
    const verified = verifySignature(child.signatureAlgorithm, child.tbs, child.signature, issuer.publicKey);
    if (verified && !isLeaf) this.#memory.rememberEdge(child, issuer);
    return verified;
  }
}
