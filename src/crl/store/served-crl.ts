import { hash } from 'node:crypto';
import { derFile, isKept } from './der-files.js';
import type { Environment } from './environment.js';
import { ALL_HEADS, crlOf } from './records/keys.js';
import { quietly } from './notes/note-writer.js';
import { crlOfHead, readHead } from './records/records.js';

/** A stored CRL for the CRL proxy. */
export interface ServedCrl {
  /** The key of the CRL's place, hex. */
  readonly key: string;
  /** The URL or file that it came from. */
  readonly source: string;
  /** DER */
  readonly issuer: Uint8Array;
  /** The signer's SubjectPublicKeyInfo, DER. */
  readonly signer: Uint8Array;
  readonly isDelta: boolean;
  /** ms */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly storedAt: number;
  /** Differs wherever the CRL does. */
  readonly version: string;
  /** The file of its bytes, and their number; a CRL may be stored without its bytes. */
  readonly path: string;
  readonly size: number;
  isKept(): boolean;
  /** When its use was last noted, ms. */
  notedAt: number;
}

export interface ServedIndex {
  /** By `plainUrl` of the source, if that is a URL. */
  readonly byUrl: ReadonlyMap<string, ServedCrl>;
  readonly byKey: ReadonlyMap<string, ServedCrl>;
}

/** @param before the index that this one takes the place of */
export function readServed(environment: Environment, before: ServedIndex | undefined): ServedIndex {
  const byUrl = new Map<string, ServedCrl>();
  const byKey = new Map<string, ServedCrl>();
  for (const { key: headKey, value } of environment.entries(ALL_HEADS)) {
    const head = quietly(() => readHead(value));
    const crl = head && quietly(() => crlOfHead(head));
    if (head === undefined || crl === undefined) continue;
    const key = crlOf(headKey).toString('hex');
    const { issuer, isDelta, thisUpdate, nextUpdate } = crl;
    const { source, storedAt, generation, derBytes } = head;
    const served: ServedCrl = {
      key,
      source,
      issuer: Uint8Array.from(issuer.der),
      signer: head.signer,
      isDelta,
      thisUpdate,
      nextUpdate,
      storedAt,
      // The signature among it is of the whole.
      version: hash('sha256', head.header, 'hex').slice(0, 40),
      path: derFile(environment.path, generation),
      size: derBytes,
      isKept: () => isKept(environment.path, { generation, derBytes }),
      notedAt: before?.byKey.get(key)?.notedAt ?? -Infinity,
    };
    byKey.set(key, served);
    const url = plainUrl(source);
    if (url !== undefined && thisUpdate > (byUrl.get(url)?.thisUpdate ?? -Infinity)) byUrl.set(url, served);
  }
  return { byUrl, byKey };
}

/** An http URL as every client writes it in the end; `undefined` for everything else. */
export function plainUrl(text: string): string | undefined {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.hash = '';
  return url.href;
}
