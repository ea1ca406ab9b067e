import { hash } from 'node:crypto';
import { messageOf, PkixdError } from '../../errors.js';
import { spkiId } from '../../verify/keys/ca-key.js';
import { checkCriticalEntryExtensions } from '../../verify/revocation/crl-extensions.js';
import { checkIndirection } from '../../verify/revocation/crl-scope.js';
import type { IngestOutcome, IngestProgress, IngestRequest } from '../../wire/ingest.js';
import { type Crl, parseCrl, withoutEntries } from '../../x509/crl.js';
import type { Name } from '../../x509/name.js';
import { OID } from '../../x509/oid.js';
import { isKept, writeDer } from '../store/der-files.js';
import { tableCount } from '../store/issuer-table.js';
import { compareAge } from '../store/newer.js';
import { evict } from '../store/eviction.js';
import { boundNotes } from '../store/notes/note-limits.js';
import { sweep } from '../store/housekeeping.js';
import { type Place, placeOf } from '../store/place.js';
import type { Mark } from '../store/notes/marks.js';
import type { Head } from '../store/records/records.js';
import { StoreError } from '../store/store-error.js';
import type { StoreWriter, SwitchOutcome } from '../store/store-writer.js';
import { summaryOf } from '../store/summary.js';
import { BucketWriter } from './bucket-writer.js';
import { checkCrl } from './checks.js';
import { Deadline } from './deadline.js';
import { EntryIndex } from './entry-index.js';
import { readCrlFile } from './crl-file.js';
import { crlCode, knownRefusal, RefusedError, refusedFor, refusing } from './refusals.js';

export interface IngesterOptions {
  /** The most octets of all CRLs together: `crl.maxStoreSize`. */
  readonly maxBytes: number;
  /** The CRLs' own bytes, too. */
  readonly keepsDer: boolean;
  /** ms that one ingestion may take. */
  readonly budget: number;
  /** ms since 1970. */
  now(): number;
  /** `detail`: what differs from one time to another. */
  report(message: string, detail?: string): void;
  /** Told that the environment is not what was written, or a record of it odd. */
  damaged?(code: 'STORE_DAMAGED' | 'STORE_ODD'): void;
}

/** Notes and CRLs after which all notes are looked over. */
const CHANGES = 64;

type Progress = (progress: IngestProgress) => void;

/**
 * Takes CRLs into the store, one after the other. The order of the steps is that of their cost: header, scope and
 * signature, then the CRL's own bytes where they are kept, then every entry, then the writing; only the last of all
 * makes anything visible.
 */
export class Ingester {
  readonly #writer: StoreWriter;
  readonly #options: IngesterOptions;
  /** Since the notes were last looked over; and what they took then. */
  #changes = CHANGES;
  #noteBytes = 0;
  /** The last ingestion that failed has left its generation to be deleted. */
  #abandoned: Promise<void> = Promise.resolve();

  constructor(writer: StoreWriter, options: IngesterOptions) {
    this.#writer = writer;
    this.#options = options;
  }

  /** Never throws for what is wrong with the CRL or the store: that is an outcome. */
  async ingest(request: IngestRequest, progress: Progress): Promise<IngestOutcome> {
    const known = knownRefusal(request);
    if (known !== undefined) return known;
    try {
      return await this.#ingest(request, progress, new Deadline(this.#options.budget));
    } catch (error) {
      if (error instanceof RefusedError) return refusedFor(request, error);
      if (!(error instanceof PkixdError)) throw error;
      if (error.code === 'STORE_DAMAGED' || error.code === 'STORE_ODD') this.#options.damaged?.(error.code);
      return { kind: 'refused', code: crlCode(error.code), message: `${request.source}: ${error.message}` };
    }
  }

  /** Something was noted beside the CRLs; is it time to tidy? */
  noted(): boolean {
    return ++this.#changes >= CHANGES;
  }

  /** Makes room, and clears away what is superseded: after an answer has gone out. */
  async tidy(stored: string | undefined): Promise<void> {
    const writer = this.#writer;
    const options = this.#options;
    await this.#abandoned;
    const now = options.now();
    if (++this.#changes >= CHANGES) {
      this.#changes = 0;
      this.#noteBytes = await boundNotes(writer, options.maxBytes, now, (message, detail) =>
        options.report(message, detail),
      );
    }
    const left = options.maxBytes - this.#noteBytes;
    for (const { source } of await evict(writer, left, Buffer.from(stored ?? '', 'hex'), now)) {
      options.report('a CRL was evicted: the store is over crl.maxStoreSize', source);
    }
    await sweep(writer, now);
  }

  async #ingest(request: IngestRequest, progress: Progress, deadline: Deadline): Promise<IngestOutcome> {
    const { content } = request;
    const crl = refusing(true, () => parseCrl('der' in content ? content.der : readCrlFile(content.path)));
    const now = this.#options.now();
    deadline.check('reading its header');
    const signerId = refusing(false, () => checkCrl(crl, request, now, deadline));
    const key = keyOf(crl, signerId, request);
    const mark = { thisUpdate: crl.thisUpdate, number: crl.number };
    const header = withoutEntries(crl);
    const present = await deadline.hold(
      this.#present(key, { mark, header, signerId }, crl.issuer, request.source),
    );
    if (present !== undefined) return present;

    const writer = this.#writer;
    const generation = await deadline.hold(writer.begin());
    try {
      const head = await this.#write(generation, { crl, header, signerId, request, deadline, progress });
      const switched = await deadline.hold(writer.switchTo({ key, issuer: crl.issuer, head, mark }));
      return toOutcome(head, mark, switched);
    } catch (error) {
      // Not awaited: it may have to wait for the same lock that the ingestion failed to get.
      this.#abandoned = writer.abandon(generation).catch((error_: unknown) => {
        this.#options.report(messageOf(error_));
      });
      throw error;
    }
  }

  /** The answer where the store has the CRL already, or a newer one, or too many that cannot be ordered. */
  async #present(
    key: Buffer,
    crl: { readonly mark: Mark; readonly header: Uint8Array; readonly signerId: string },
    issuer: Name,
    source: string,
  ): Promise<IngestOutcome | undefined> {
    const writer = this.#writer;
    writer.environment.renew();
    const place = placeOf(key, crl, writer.held(key, issuer), writer.mark(key, crl.signerId));
    if (place.kind === 'new') return undefined;
    if (place.kind === 'tooMany') {
      await writer.dispute(key, crl.signerId, place.disputed);
      return tooMany(source);
    }
    const isWhole =
      !this.#options.keepsDer ||
      (place.kind === 'present' && isKept(writer.environment.path, place.held.head));
    return place.kind === 'older' || isWhole ? notNewer(place) : undefined;
  }

  async #write(generation: number, work: Work): Promise<Head> {
    const { crl, header, signerId, request, deadline, progress } = work;
    const writer = this.#writer;
    const { keepsDer, maxBytes } = this.#options;
    const derBytes = keepsDer ? crl.der.length : 0;
    if (derBytes > maxBytes) throw tooLarge(derBytes, maxBytes);
    // Both here, for the index overwrites the list.
    if (keepsDer) await deadline.hold(writeDer(writer.environment.path, generation, crl.der));
    const index = new EntryIndex(crl, writer.hash, (done) => {
      deadline.check('reading its entries');
      progress({ done: done / 2, total: crl.der.length });
    });
    checkCriticalEntryExtensions(index);
    checkIndirection({ ...crlScope(crl), hasCertificateIssuer: index.hasCertificateIssuer });
    const bytes = index.octets + header.length + derBytes;
    if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
    if (index.issuerNumbers.size > 0)
      await deadline.hold(writer.writeIssuers(generation, index.issuerNumbers));
    await this.#writeBuckets(generation, index, work);
    return {
      generation,
      header,
      signerId,
      signer: signerOf(signerId, request),
      source: request.source,
      storedAt: this.#options.now(),
      entries: index.count,
      buckets: index.buckets,
      issuerTables: tableCount(index.issuerNumbers.size),
      bytes,
      derBytes,
      hasCertificateIssuer: index.hasCertificateIssuer,
      unclearIssuers: index.unclearIssuers.names.map(({ name, number }) => ({ name: name.der, number })),
      ...fetchedFor(request),
    };
  }

  /** Range by range, each in a transaction of its own, so that others do not wait long for the store. */
  async #writeBuckets(
    generation: number,
    index: EntryIndex,
    { crl, deadline, progress }: Work,
  ): Promise<void> {
    const { environment, hash: hashKey } = this.#writer;
    const buckets = new BucketWriter(index, hashKey, generation);
    const { ranges, room } = buckets;
    const total = crl.der.length;
    const out = new Int32Array(room);
    for (let range = 0; range < ranges; range++) {
      deadline.check('writing its entries');
      const made = buckets.write(range, out);
      await deadline.hold(environment.writeBuckets(generation, buckets.firstBucket(range), made));
      progress({ done: (total * (1 + (range + 1) / ranges)) / 2, total });
    }
  }
}

interface Work {
  readonly crl: Crl;
  readonly header: Uint8Array;
  readonly signerId: string;
  readonly request: IngestRequest;
  readonly deadline: Deadline;
  readonly progress: Progress;
}

/**
 * A CRL's place: issuer, signer, scope, base or delta. One that does not state its scope has also the distribution
 * point it came from.
 */
function keyOf(crl: Crl, signerId: string, { wanted }: IngestRequest): Buffer {
  const scope = crl.extensions.find(({ oid }) => oid === OID.issuingDistributionPoint);
  const place =
    scope === undefined ? { point: wanted?.uris ?? [] } : { scope: Buffer.from(scope.value).toString('hex') };
  return hash('sha256', JSON.stringify([crl.issuer.key, signerId, place, crl.isDelta]), 'buffer');
}

/** The key of this id. */
function signerOf(signerId: string, { signers }: IngestRequest): Uint8Array {
  return signers.find((spki) => spkiId(spki) === signerId) ?? new Uint8Array(0);
}

/** The want for fetching its successor. */
function fetchedFor({ wanted }: IngestRequest): Pick<Head, 'fetched'> {
  if (wanted === undefined) return {};
  const { uris, isDelta, source } = wanted;
  return { fetched: { uris, isDelta, ...(source !== undefined && { source }) } };
}

function crlScope({
  issuer,
  issuingDistributionPoint,
}: Crl): Pick<Crl, 'issuer' | 'issuingDistributionPoint'> {
  return { issuer, issuingDistributionPoint };
}

function toOutcome(head: Head, mark: Mark, outcome: SwitchOutcome): IngestOutcome {
  if (!outcome.isStored)
    return outcome.place.kind === 'tooMany' ? tooMany(head.source) : notNewer(outcome.place);
  const crl = summaryOf(outcome.key, head);
  const [other] = outcome.beside;
  if (other === undefined) return { kind: 'stored', crl };
  const isLater = compareAge(mark, other.mark) === 'newerWithLowerNumber';
  const why = isLater
    ? 'the CRL is later than the one before it and has a lower number'
    : 'by time and number the CRL is neither older nor newer than another one of its key';
  return { kind: 'stored', crl, warning: `${why}: both are kept, and what either lists is revoked` };
}

function tooMany(source: string): IngestOutcome {
  return {
    kind: 'refused',
    code: 'CRL_MALFORMED',
    message: `${source}: by time and number it is neither older nor newer than others of its key, and there are too many such CRLs: until a newer one comes, none of them says that a certificate is good`,
  };
}

function notNewer(place: Extract<Place, { kind: 'present' | 'older' }>): IngestOutcome {
  const held = place.kind === 'present' ? place.held : place.by;
  const crl = held === undefined ? null : summaryOf(held.key, held.head);
  return { kind: 'notNewer', age: place.kind === 'present' ? 'same' : 'older', crl };
}

function tooLarge(bytes: number, max: number): StoreError {
  return new StoreError(
    'STORE_FAILED',
    `the CRL takes ${bytes} bytes, and the whole store may take ${max}: raise crl.maxStoreSize`,
  );
}
