import { PkixdError } from '../../errors.js';
import { parseCrl } from '../../x509/crl.js';
import type { Name } from '../../x509/name.js';
import type { CrlSource, CandidateCrl } from '../../verify/crl-source.js';

/**
 * The CRLs of the files that a command names, for verification in this process. They count like stored ones, whatever
 * their size. Each is read once for all requests.
 */
export class NamedCrls implements CrlSource {
  /** By the octets; `undefined` if they are not a CRL. */
  readonly #read = new WeakMap<Uint8Array, CandidateCrl | undefined>();
  #ofRequest: readonly CandidateCrl[] = [];

  /** To be called before each request with its CRLs; returns those that are not CRLs, which the request reports. */
  offer(crls: readonly Uint8Array[]): readonly Uint8Array[] {
    const read = crls.map((der) => this.#candidate(der));
    this.#ofRequest = read.filter((candidate) => candidate !== undefined);
    return crls.filter((_, index) => read[index] === undefined);
  }

  find(issuer: Name): readonly CandidateCrl[] {
    return this.#ofRequest.filter(({ crl }) => crl.issuer.key === issuer.key);
  }

  #candidate(der: Uint8Array): CandidateCrl | undefined {
    if (!this.#read.has(der)) this.#read.set(der, candidateOf(der));
    return this.#read.get(der);
  }
}

function candidateOf(der: Uint8Array): CandidateCrl | undefined {
  try {
    return { crl: parseCrl(der), source: 'request' };
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    return undefined;
  }
}
