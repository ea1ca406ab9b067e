import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import type { CandidateCrl, CrlSource } from '../verify/revocation-inputs.js';
import { parseCrl } from '../x509/crl.js';
import type { Name } from '../x509/name.js';
import { parsePem } from '../x509/pem.js';
import { X509Error } from '../x509/x509-error.js';

export interface CrlDirectoryOptions {
  /** ms between two looks at the folder, at least. */
  readonly rescan: number;
  /** Told once for each version of a file that cannot be used, and when the folder itself cannot be read. */
  report(message: string): void;
  /** ms since 1970. */
  now(): number;
}

/** A file as it was read: its CRLs, until its time or size changes. */
interface KnownFile {
  readonly stamp: string;
  readonly crls: readonly CandidateCrl[];
}

const EXTENSION = /\.(?:crl|der|pem)$/i;
const DER_SEQUENCE = 0x30;
const NONE: readonly CandidateCrl[] = [];

/**
 * The CRLs of one folder (.crl, .der, .pem; several PEM blocks a file), each held as an index in memory. A file that
 * is broken is left out; the others serve on. A file that vanishes takes its CRLs with it.
 */
export class CrlDirectory implements CrlSource {
  readonly #folder: string;
  readonly #options: CrlDirectoryOptions;
  #files: ReadonlyMap<string, KnownFile> = new Map();
  #byIssuer: ReadonlyMap<string, readonly CandidateCrl[]> = new Map();
  #lookedAt = -Infinity;
  #trouble = '';

  constructor(folder: string, options: CrlDirectoryOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  find(issuer: Name): readonly CandidateCrl[] {
    const now = this.#options.now();
    // A clock that was set back must not keep the folder from being looked at.
    if (now < this.#lookedAt || now - this.#lookedAt >= this.#options.rescan) {
      this.#lookedAt = now;
      this.#rescan();
    }
    return this.#byIssuer.get(issuer.key) ?? NONE;
  }

  #rescan(): void {
    const names = this.#list();
    if (names === undefined) return;
    const files = new Map<string, KnownFile>();
    for (const name of names) files.set(name, this.#read(name));
    if (isSame(files, this.#files)) return;
    this.#files = files;
    this.#byIssuer = byIssuer(files.values());
  }

  /** The names that matter; `undefined` when the folder cannot be read: then what was read of it stands. */
  #list(): readonly string[] | undefined {
    try {
      const names = readdirSync(this.#folder).filter((name) => EXTENSION.test(name));
      this.#trouble = '';
      return names;
    } catch (thrown) {
      const trouble = `crl.directory ${this.#folder} cannot be read: ${messageOf(thrown)}`;
      if (trouble !== this.#trouble) this.#options.report(trouble);
      this.#trouble = trouble;
      return undefined;
    }
  }

  #read(name: string): KnownFile {
    const path = join(this.#folder, name);
    const known = this.#files.get(name);
    let stamp = '';
    try {
      const found = statSync(path);
      stamp = `${found.mtimeMs} ${found.size} ${found.ino}`;
      if (known?.stamp === stamp) return known;
      // To read a FIFO or a device could hold the thread up for ever.
      if (!found.isFile()) throw new Error('it is no file');
      return { stamp, crls: this.#parse(path, readFileSync(path)) };
    } catch (thrown) {
      if (known?.stamp !== stamp) this.#leaveOut(path, thrown);
      return { stamp, crls: NONE };
    }
  }

  #parse(path: string, content: Buffer): readonly CandidateCrl[] {
    const crls: CandidateCrl[] = [];
    for (const der of blocks(content)) {
      try {
        const crl = parseCrl(der);
        // Every entry is parsed now, so that a broken one shows here and not in somebody's request.
        void crl.entryCount;
        crls.push({ crl, source: path });
      } catch (thrown) {
        if (!(thrown instanceof X509Error)) throw thrown;
        this.#leaveOut(path, thrown);
      }
    }
    return crls;
  }

  #leaveOut(path: string, thrown: unknown): void {
    this.#options.report(`a CRL of ${path} is left out: ${messageOf(thrown)}`);
  }
}

/** DER as it is; of PEM the blocks that are CRLs. */
function blocks(content: Buffer): Buffer[] {
  if (content[0] === DER_SEQUENCE) return [content];
  const found = parsePem(content.toString('latin1')).filter(({ label }) => label === 'X509 CRL');
  if (found.length === 0) throw new X509Error('MALFORMED', 'it holds neither DER nor a PEM block "X509 CRL"');
  return found.map(({ der }) => der);
}

function byIssuer(files: Iterable<KnownFile>): Map<string, CandidateCrl[]> {
  const index = new Map<string, CandidateCrl[]>();
  for (const { crls } of files) {
    for (const candidate of crls) {
      const { key } = candidate.crl.issuer;
      const known = index.get(key);
      if (known === undefined) index.set(key, [candidate]);
      else known.push(candidate);
    }
  }
  return index;
}

/** Files that did not change are kept as the same objects. */
function isSame(a: ReadonlyMap<string, KnownFile>, b: ReadonlyMap<string, KnownFile>): boolean {
  return a.size === b.size && [...a].every(([name, file]) => b.get(name) === file);
}
