import { Buffer } from 'node:buffer';
import { type Certificate, parseCertificate } from '../../x509/certificate.js';
import type { Crl } from '../../x509/crl.js';
import { importPublicKey, lacksDsaParameters } from '../../x509/public-key.js';
import { BoundedMap } from './bounded-map.js';
import { CaKey } from './ca-key.js';
import { tailHash } from './tail-hash.js';

const MAX_KEYS = 4096;
const MAX_CERTIFICATES = 4096;
const MAX_EDGES = 16_384;

/**
 * What one thread remembers of CAs between requests, within bounds. Nothing of a leaf is kept, and nothing depends on
 * time or profile: only parsed bytes, imported keys, and which key made a signature.
 */
export class CaMemory {
  readonly #keys = new BoundedMap<string, CaKey>(MAX_KEYS);
  /** Spares the look-up by the key's bytes while the certificate is the same object. */
  readonly #keysByHolder = new WeakMap<Certificate, CaKey>();
  readonly #certificates = new BoundedMap<number, Certificate>(MAX_CERTIFICATES);
  /** Objects that are kept, or whose bytes are: they are not kept again. */
  readonly #kept = new WeakSet<Certificate>();
  readonly #edges = new BoundedMap<string, true>(MAX_EDGES);
  /** The key that was last found to have signed this very object: spares the look-up by the two hashes. */
  readonly #edgesByChild = new WeakMap<Certificate, CaKey>();
  readonly #crls = new WeakMap<Crl, Map<string, boolean>>();

  /**
   * The certificate's imported key, or `undefined` when it has to be imported first. `inherited`: the DSA parameters
   * of the key above it in the path, if that has any; which of two keys a DSA key without its own is depends on them.
   */
  key(holder: Certificate, inherited?: Uint8Array): CaKey | undefined {
    const byHolder = this.#keysByHolder.get(holder);
    if (byHolder !== undefined) return byHolder;
    const spki = bytesKey(holder.spki);
    const key = this.#keys.get(spki);
    if (key !== undefined) this.#keysByHolder.set(holder, key);
    return key ?? (inherited && this.#keys.get(spki + bytesKey(inherited)));
  }

  /** Throws `X509Error` when the key is bad or of a kind that is not supported. */
  importKey(holder: Certificate, inherited?: Uint8Array): CaKey {
    const { spki } = holder;
    if (inherited !== undefined && lacksDsaParameters(spki)) {
      const publicKey = importPublicKey(spki, inherited);
      const key = new CaKey(publicKey.keyObject.export({ format: 'der', type: 'spki' }), publicKey);
      this.#keys.set(bytesKey(spki) + bytesKey(inherited), key);
      return key;
    }
    const key = new CaKey(Uint8Array.from(spki), importPublicKey(spki));
    this.#keys.set(bytesKey(spki), key);
    this.#keysByHolder.set(holder, key);
    return key;
  }

  /** A certificate parsed before from these very bytes. */
  certificate(der: Uint8Array): Certificate | undefined {
    const known = this.#certificates.get(tailHash(der));
    return known !== undefined && Buffer.compare(known.der, der) === 0 ? known : undefined;
  }

  /** Keeps a CA's certificate, on a copy of its bytes: the request's own buffer can go. */
  rememberCertificate(certificate: Certificate): void {
    if (this.#kept.has(certificate)) return;
    this.#kept.add(certificate);
    if (this.certificate(certificate.der) !== undefined) return;
    const kept = parseCertificate(Uint8Array.from(certificate.der));
    this.#certificates.set(tailHash(kept.der), kept);
    this.#kept.add(kept);
  }

  isEdgeVerified(child: Certificate, issuer: CaKey): boolean {
    if (this.#edgesByChild.get(child) === issuer) return true;
    if (this.#edges.get(child.fingerprint + issuer.id) !== true) return false;
    this.#edgesByChild.set(child, issuer);
    return true;
  }

  rememberEdge(child: Certificate, issuer: CaKey): void {
    this.#edges.set(child.fingerprint + issuer.id, true);
    this.#edgesByChild.set(child, issuer);
  }

  /** Whether this key signed this CRL, when that was checked before on the same object. */
  crlSignature(crl: Crl, issuer: CaKey): boolean | undefined {
    return this.#crls.get(crl)?.get(issuer.id);
  }

  rememberCrlSignature(crl: Crl, issuer: CaKey, verified: boolean): void {
    const known = this.#crls.get(crl) ?? new Map<string, boolean>();
    // One CRL is checked with few keys; more are an attack on this map.
    if (known.size >= 16) known.clear();
    known.set(issuer.id, verified);
    this.#crls.set(crl, known);
  }
}

function bytesKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
