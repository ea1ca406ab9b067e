import type { Config } from '../../config/config.js';
import { readAnchors } from '../../thread/anchors.js';
import { type Certificate, parseCertificate } from '../../x509/certificate.js';
import { type Name, sameName } from '../../x509/name.js';
import type { Context } from '../context.js';
import { InputError, readCertificates } from '../verify/verify-input.js';
import { messageOf } from '../../errors.js';

/** Certificates whose keys may have signed CRLs: the given ones, and the configuration's trust anchors. */
export class CrlSigners {
  readonly #given: readonly Certificate[];
  readonly #config: Config;
  #anchors: readonly Certificate[] | undefined;

  constructor(given: readonly Certificate[], config: Config) {
    this.#given = given;
    this.#config = config;
  }

  /** SubjectPublicKeyInfo, DER, of the certificates with this name. */
  keysOf(issuer: Name): readonly Uint8Array[] {
    return this.certificatesOf(issuer).map(({ spki }) => spki);
  }

  certificatesOf(issuer: Name): readonly Certificate[] {
    const own = this.#given.filter(({ subject }) => sameName(subject, issuer));
    return own.length > 0 ? own : this.#readAnchors().filter(({ subject }) => sameName(subject, issuer));
  }

  /** The trust anchors, read only if the given certificates do not suffice. */
  #readAnchors(): readonly Certificate[] {
    if (this.#anchors !== undefined) return this.#anchors;
    const { profiles } = this.#config;
    const entries = [this.#config['trust.anchors'], ...Object.values(profiles).map(({ anchors }) => anchors)];
    const options = { broken: this.#config['trust.brokenAnchors'] };
    this.#anchors = [...new Set(entries.flat())].flatMap((entry) => readAnchors(entry, options));
    return this.#anchors;
  }
}

/** The certificates of a file, PEM (several) or DER. Throws `InputError`. */
export function certificatesOf(file: string, context: Context): readonly Certificate[] {
  return readCertificates(file, context).certificates.map((der) => {
    try {
      return parseCertificate(der);
    } catch (error) {
      throw new InputError('NO_CERTIFICATE', file, messageOf(error));
    }
  });
}
