import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Config } from '../../config/config.js';
import type { CrlSourceConfig } from '../../config/crl-sources.js';
import { messageOf, PkixdError } from '../../errors.js';
import { showUrl } from '../../show-url.js';
import { parseCertificate } from '../../x509/certificate.js';
import { leafFirst } from '../../x509/leaf-first.js';
import { parseNameText } from '../../x509/name-text.js';
import type { Name } from '../../x509/name.js';
import { readPkiObjects } from '../../x509/pki-objects.js';
import type { AddressPolicy } from './address-policy.js';
import { type FetchUrl, parseFetchUrl } from './fetch-url.js';

/** Entries of `crl.sources` that cannot be used, one problem each. */
export class CrlSourcesError extends PkixdError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('BAD_CRL_SOURCES', problems.join('\n'));
    this.problems = problems;
  }
}

const NONE: readonly string[] = [];

export interface ConfiguredSource {
  readonly issuer: Name;
  /** The SubjectPublicKeyInfo, DER, of the certificate that names the issuer, where one does. */
  readonly spki: Uint8Array | undefined;
  readonly url: string;
}

/** The configured URLs of issuers' CRLs (`crl.sources`). */
export class ConfiguredSources {
  readonly #byIssuer: ReadonlyMap<string, readonly string[]>;
  /** In the order of the configuration; a file as a `file:` URL. */
  readonly entries: readonly ConfiguredSource[];
  /** The `file:` URLs among them: only these may be read. */
  readonly files: ReadonlySet<string>;

  private constructor(entries: readonly ConfiguredSource[]) {
    const byIssuer = new Map<string, string[]>();
    for (const { issuer, url } of entries) {
      byIssuer.set(issuer.key, [...(byIssuer.get(issuer.key) ?? NONE), url]);
    }
    this.entries = entries;
    this.#byIssuer = byIssuer;
    this.files = new Set(entries.map(({ url }) => url).filter((url) => url.startsWith('file:')));
  }

  /**
   * Reads the certificates that name issuers, and checks the URLs as far as possible without the network. Throws
   * CrlSourcesError with all problems.
   */
  static read(config: Pick<Config, 'crl.sources'>, policy: AddressPolicy): ConfiguredSources {
    const problems: string[] = [];
    const entries = config['crl.sources'].flatMap((source, index) => {
      try {
        return [{ ...issuerOf(source), url: urlOf(source, policy) }];
      } catch (error) {
        problems.push(`crl.sources[${index}]: ${messageOf(error)}`);
        return [];
      }
    });
    if (problems.length > 0) throw new CrlSourcesError(problems);
    return new ConfiguredSources(entries);
  }

  /** In the order of the configuration; a file as a `file:` URL. */
  urlsFor(issuer: Name): readonly string[] {
    return this.#byIssuer.get(issuer.key) ?? NONE;
  }
}

function issuerOf({ issuer }: CrlSourceConfig): Pick<ConfiguredSource, 'issuer' | 'spki'> {
  if (issuer.kind === 'name') return { issuer: parseNameText(issuer.text), spki: undefined };
  try {
    const [der] = leafFirst(readPkiObjects(readFileSync(issuer.path), 'certificate'));
    if (der === undefined) throw new Error('it does not hold a certificate');
    const { subject, spki } = parseCertificate(der);
    return { issuer: subject, spki };
  } catch (error) {
    throw new Error(`certificate ${issuer.path}: ${messageOf(error)}`, { cause: error });
  }
}

function urlOf({ from }: CrlSourceConfig, policy: AddressPolicy): string {
  if (from.kind === 'file') return pathToFileURL(from.path).href;
  const { href, host, port, literal } = readUrl(from.url);
  const refusal =
    literal === undefined
      ? policy.refusalOfPort(host, port)
      : policy.refusalOfAddress(host, port, literal, new Set());
  if (refusal !== undefined) throw new Error(`${href}: ${refusal}`);
  return href;
}

function readUrl(text: string): FetchUrl {
  try {
    return parseFetchUrl(text);
  } catch (error) {
    throw new Error(`${showUrl(text)}: ${messageOf(error)}`, { cause: error });
  }
}
