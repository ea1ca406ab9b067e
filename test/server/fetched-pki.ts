import { authorityKeyIdentifier, crlDistributionPoints, crlNumber } from '../pki/extensions.js';
import { createCrl, createIntermediate, createLeaf, type CrlOptions, type Issued } from '../pki/pki.js';
import type { CrlHost } from './crl-host.js';

let made = 0;

/** An intermediate and a leaf that say where their CRLs lie, at places of their own; nothing is published yet. */
export class FetchedPki {
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly leaf: Issued;
  readonly rootUrl: string;
  readonly caUrl: string;
  readonly #number = ++made;

  constructor(root: Issued, host: CrlHost) {
    this.root = root;
    this.rootUrl = host.url(this.#path('root'));
    this.caUrl = host.url(this.#path('ca'));
    this.intermediate = createIntermediate(root, {
      subject: `Intermediate ${this.#number}`,
      extensions: [crlDistributionPoints(this.rootUrl)],
    });
    this.leaf = this.newLeaf();
  }

  /** Another leaf of the intermediate, whose CRL lies where that of all its leaves does, or elsewhere. */
  newLeaf(url = this.caUrl): Issued {
    return createLeaf(this.intermediate, { extensions: [crlDistributionPoints(url)] });
  }

  /** A CRL of this number of both CAs, the intermediate's with what it revokes. */
  async publish(host: CrlHost, number: number, options: CrlOptions = {}): Promise<void> {
    await host.publish(this.#path('root'), crl(this.root, number, {}));
    await host.publish(this.#path('ca'), crl(this.intermediate, number, options));
  }

  verify(words: string, leaf: Issued = this.leaf): string {
    return `VERIFY ${words}\n${leaf.pem}${this.intermediate.pem}.\n`;
  }

  /** What the host was asked for of these CRLs. */
  async requests(
    host: CrlHost,
  ): Promise<readonly { readonly path: string; readonly conditional: boolean }[]> {
    const paths = new Map(
      [this.#path('ca'), this.#path('root')].map((path) => [path, path.split('-')[0] ?? '']),
    );
    return (await host.requests()).flatMap(({ url, conditional }) => {
      const path = paths.get(url);
      return path === undefined ? [] : [{ path, conditional }];
    });
  }

  #path(of: string): string {
    return `/${of}-${this.#number}.crl`;
  }
}

/** Each later number a minute later, all of them in the past. */
function crl(issuer: Issued, number: number, options: CrlOptions): Buffer {
  const extensions = [authorityKeyIdentifier(issuer.key.spki), crlNumber(number)];
  const thisUpdate = new Date(Date.now() - 3_600_000 + number * 60_000);
  return createCrl(issuer, { extensions, thisUpdate, ...options }).der;
}
