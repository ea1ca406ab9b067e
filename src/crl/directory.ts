import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { parseCrl, withoutEntries } from '../x509/crl.js';
import { mayBeSameName, type Name } from '../x509/name.js';
import { readPkiObjects } from '../x509/pki-objects.js';
import { X509Error } from '../x509/x509-error.js';
import { isCrlFileName, nothingRead } from './crl-file-name.js';
import { LARGE_FILE, LargeCrl, type LargeCrlKeeper } from './large-crl.js';
import type { CrlSource, CandidateCrl } from '../verify/crl-source.js';

export interface CrlDirectoryOptions {
  /** ms between two looks at the folder, at least. */
  readonly rescan: number;
  /** Told once for each version of a file that cannot be used, and when the folder itself cannot be read. */
  report(message: string): void;
  /** Takes large CRLs; absent: they are held here like all others. */
  readonly keeper?: LargeCrlKeeper;
  /** ms since 1970. */
  now(): number;
}

/** A file as it was read: its CRLs, or the one that is large, until its time or size changes. */
interface KnownFile {
  readonly stamp: string;
  readonly crls: readonly CandidateCrl[];
  readonly large?: LargeCrl;
}

const NONE: readonly CandidateCrl[] = [];

/**
 * The CRLs of one folder (see `isCrlFileName`; several PEM blocks a file), each held as an index in memory, but for large
 * ones that the host's store can have. A file that is broken is left out; the others serve on. A file that vanishes
 * takes its CRLs with it.
 */
export class CrlDirectory implements CrlSource {
  readonly #folder: string;
  readonly #options: CrlDirectoryOptions;
  #files: ReadonlyMap<string, KnownFile> = new Map();
  #byIssuer: ReadonlyMap<string, readonly CandidateCrl[]> = new Map();
  /** CRLs whose issuer's name cannot be compared with others. */
  #unclear: readonly CandidateCrl[] = NONE;
  #large: readonly LargeCrl[] = [];
  #lookedAt = -Infinity;
  #trouble = '';

  constructor(folder: string, options: CrlDirectoryOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  find(issuer: Name): readonly CandidateCrl[] {
    const now = this.look();
    const own = this.#byIssuer.get(issuer.key) ?? NONE;
    const maybe = this.#maybeOf(issuer);
    const found = maybe.length === 0 ? own : [...own, ...maybe];
    if (this.#large.length === 0) return found;
    const large = this.#large.filter(
      (each) =>
        each.issuer.key === issuer.key || (!each.issuer.isComparable && mayBeSameName(each.issuer, issuer)),
    );
    return [...found, ...large.flatMap((each) => each.candidates(now))];
  }

  /** CRLs whose issuer's name cannot be compared and may be this one, so that their entries are in doubt. */
  #maybeOf(issuer: Name): readonly CandidateCrl[] {
    if (this.#unclear.length === 0) return NONE;
    return this.#unclear.filter(
      ({ crl }) => crl.issuer.key !== issuer.key && mayBeSameName(crl.issuer, issuer),
    );
  }

  /** A verdict rested on the CRL of a file, which one of these has signed; SubjectPublicKeyInfo, DER. */
  signedBy(source: string, signers: () => readonly Uint8Array[]): void {
    this.#large.find(({ path }) => path === source)?.signedBy(signers(), this.#options.now());
  }

  /** Reads what has changed, when it is time to; returns the time. */
  look(): number {
    const now = this.#options.now();
    // A clock that was set back must not keep the folder from being looked at.
    if (now < this.#lookedAt || now - this.#lookedAt >= this.#options.rescan) {
      this.#lookedAt = now;
      this.#rescan();
    }
    return now;
  }

  #rescan(): void {
    const names = this.#list();
    if (names === undefined) return;
    const files = new Map<string, KnownFile>();
    for (const name of names) files.set(name, this.#read(name));
    if (isSame(files, this.#files)) return;
    this.#files = files;
    this.#byIssuer = byIssuer(files.values());
    this.#unclear = [...this.#byIssuer.values()].flat().filter(({ crl }) => !crl.issuer.isComparable);
    this.#large = [...files.values()].flatMap(({ large }) => large ?? []);
    for (const large of this.#large) large.offer(this.#lookedAt);
  }

  /** The names that matter; `undefined` when the folder cannot be read: then what was read of it stands. */
  #list(): readonly string[] | undefined {
    try {
      const names = readdirSync(this.#folder).filter(isCrlFileName);
      this.#say(names.length === 0 ? nothingRead(this.#folder) : '');
      return names;
    } catch (error) {
      this.#say(`crl.directory ${this.#folder} cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Reports what is wrong with the folder as a whole, once; an empty text: nothing is. */
  #say(trouble: string): void {
    if (trouble !== '' && trouble !== this.#trouble) this.#options.report(trouble);
    this.#trouble = trouble;
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
      if (!found.isFile()) throw new Error('it is not a regular file');
      const content = readFileSync(path);
      const large = found.size < LARGE_FILE ? undefined : this.#largeOf(path, content, known?.large);
      return large === undefined ? { stamp, crls: this.#parse(path, content) } : { stamp, crls: NONE, large };
    } catch (error) {
      if (known?.stamp !== stamp) this.#leaveOut(path, error);
      return { stamp, crls: NONE };
    }
  }

  /** If the file has one CRL that can go into the store. */
  #largeOf(path: string, content: Buffer, before: LargeCrl | undefined): LargeCrl | undefined {
    const { keeper } = this.#options;
    if (keeper === undefined) return undefined;
    const [der, ...others] = blocks(content);
    if (der === undefined || others.length > 0) return undefined;
    // A copy: a view would keep the whole file in memory.
    const header = parseCrl(withoutEntries(parseCrl(der)));
    return new LargeCrl(path, header, { keeper, load: () => this.#load(path), now: this.#lookedAt, before });
  }

  #load(path: string): readonly CandidateCrl[] {
    try {
      return this.#parse(path, readFileSync(path));
    } catch (error) {
      this.#leaveOut(path, error);
      return NONE;
    }
  }

  #parse(path: string, content: Buffer): readonly CandidateCrl[] {
    const crls: CandidateCrl[] = [];
    for (const der of blocks(content)) {
      try {
        const crl = parseCrl(der);
        // Every entry is parsed now, so that a broken one is found here and not in a request.
        void crl.entryCount;
        crls.push({ crl, source: path });
      } catch (error) {
        if (!(error instanceof X509Error)) throw error;
        this.#leaveOut(path, error);
      }
    }
    return crls;
  }

  #leaveOut(path: string, thrown: unknown): void {
    this.#options.report(`a CRL of ${path} is left out: ${messageOf(thrown)}`);
  }
}

function blocks(content: Buffer): readonly Buffer[] {
  const { crls } = readPkiObjects(content, 'crl');
  if (crls.length === 0) throw new X509Error('MALFORMED', 'it does not hold a CRL');
  return crls;
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
