import type { Certificate } from '../../x509/certificate.js';
import { lacksDsaParameters } from '../../x509/public-key.js';
import { verifySignature } from '../../x509/signature.js';
import { type Budget, KEY_IMPORT_COST, signatureCost } from '../budget.js';
import type { CaKey } from './ca-key.js';
import type { CaMemory } from './ca-memory.js';
import { VerifyError } from '../failure.js';
import { keyHolder, otherKeyNamed } from './key-name.js';
import { named } from '../named.js';
import type { SignedCrl } from '../crl-source.js';

interface Edge {
  readonly child: Certificate;
  readonly issuer: CaKey;
  readonly verified: boolean;
}

/** The signature checks of one request: each edge is paid for once, and CA edges are remembered beyond it. */
export class Signatures {
  readonly #memory: CaMemory;
  readonly #budget: Budget;
  readonly #leaf: Certificate;
  /** Edges of this request, good and bad, by child and then by the issuer's key. */
  #edges: Map<Certificate, Map<CaKey, boolean>> | undefined;

  /** The edge checked last, not yet among them. */
  #last: Edge | undefined;

  constructor(memory: CaMemory, budget: Budget, leaf: Certificate) {
    this.#memory = memory;
    this.#budget = budget;
    this.#leaf = leaf;
  }

  /**
   * The key of a CA or anchor, whose DSA parameters may be those of the key `above` it (§6.1.4 (d)–(f)); throws
   * BAD_KEY or UNSUPPORTED_ALGORITHM.
   */
  key(holder: Certificate, above?: CaKey): CaKey {
    const inherited = above?.publicKey.dsaParameters;
    const known = this.#memory.key(holder, inherited);
    if (known !== undefined) return known;
    this.#budget.spendSignature(KEY_IMPORT_COST);
    return this.#memory.importKey(holder, inherited);
  }

  /** The same where the path above is not known yet; `undefined` for a key that depends on it. */
  ownKey(holder: Certificate): CaKey | undefined {
    const known = this.#memory.key(holder);
    if (known !== undefined) return known;
    return lacksDsaParameters(holder.spki) ? undefined : this.key(holder);
  }

  /**
   * Throws BAD_SIGNATURE unless `issuer`, the key of `holder`, signed `child`, and UNSUPPORTED_ALGORITHM when that cannot
   * be said.
   */
  checkCertificate(child: Certificate, issuer: CaKey, holder: Certificate): void {
    if (this.#isSignedBy(child, issuer)) return;
    const other = otherKeyNamed(child, holder);
    const hint = other === undefined ? '' : `; it names the key ${other}`;
    const message = `the signature of ${named(child)} is not that of its issuer, ${keyHolder(holder)}${hint}`;
    throw new VerifyError('BAD_SIGNATURE', message);
  }

  /**
   * Whether this key signed this CRL. Throws UNSUPPORTED_ALGORITHM if that cannot be checked.
   *
   * @param isOwn the CRL is stored here and the key is on a valid path: a client has chosen neither, and the check is
   * made once, so the CRL may have any size
   */
  isCrlSignedBy(crl: SignedCrl, issuer: CaKey, isOwn = false): boolean {
    if ('signerId' in crl) return crl.signerId === issuer.id;
    const known = this.#memory.crlSignature(crl, issuer);
    if (known !== undefined) return known;
    this.#budget.spendSignature(signatureCost(issuer.publicKey, isOwn ? 0 : crl.tbs.length));
    const verified = verifySignature(crl.signatureAlgorithm, crl.tbs, crl.signature, issuer.forSignature());
    this.#memory.rememberCrlSignature(crl, issuer, verified);
    return verified;
  }

  #isSignedBy(child: Certificate, issuer: CaKey): boolean {
    // The validator asks again for what the builder has just asked.
    const last = this.#last;
    if (last?.child === child && last.issuer === issuer) return last.verified;
    if (child !== this.#leaf && this.#memory.isEdgeVerified(child, issuer)) return true;
    const verified = this.#edges?.get(child)?.get(issuer) ?? this.#verify(child, issuer);
    if (last !== undefined) this.#file(last);
    this.#last = { child, issuer, verified };
    return verified;
  }

  #file({ child, issuer, verified }: Edge): void {
    this.#edges ??= new Map();
    const edges = this.#edges.get(child);
    if (edges === undefined) this.#edges.set(child, new Map([[issuer, verified]]));
    else edges.set(issuer, verified);
  }

  #verify(child: Certificate, issuer: CaKey): boolean {
    const { signatureAlgorithm, tbs, signature } = child;
    this.#budget.spendSignature(signatureCost(issuer.publicKey, tbs.length));
    const verified = verifySignature(signatureAlgorithm, tbs, signature, issuer.forSignature());
    if (verified && child !== this.#leaf) this.#memory.rememberEdge(child, issuer);
    return verified;
  }
}
