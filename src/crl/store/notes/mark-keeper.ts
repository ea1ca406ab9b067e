import { isIssued } from '../../../verify/revocation/crl-freshness.js';
import type { WritableEnvironment } from '../environment.js';
import { ALL_FLOORS, ALL_MARKS, crlOf, floorKey, isFloorKey, markKey } from '../records/keys.js';
import type { MarkJournal } from './mark-journal.js';
import { latestOf, type Mark, markBytes, readMark, type ScopeMark } from './marks.js';
import { compareAge } from '../newer.js';
import { quietly } from './note-writer.js';

/** In place of a signer, where a floor stands for all. */
export const ALL_SIGNERS = Buffer.alloc(32);

/**
 * High-water marks, in the environment and in the journal. All but the reading is to be done within a transaction.
 * Where there are too many of them, those of one signer are given up for a floor: of its scopes that have no mark
 * any more, only CRLs that were issued later than all of these are taken.
 */
export class MarkKeeper {
  readonly #environment: WritableEnvironment;
  readonly #journal: MarkJournal;
  readonly #now: () => number;

  /** @param now ms since 1970 */
  constructor(environment: WritableEnvironment, journal: MarkJournal, now: () => number) {
    this.#environment = environment;
    this.#journal = journal;
    this.#now = now;
  }

  /**
   * The mark of the scope that has this key, or had it; if its mark was dropped, the floor of the signer's scopes. A
   * mark with a future time was set by a clock that was ahead, and does not exclude CRLs issued now. Throws STORE_ODD.
   */
  mark(key: Buffer, signerId: string): ScopeMark | undefined {
    return this.#markAt(markKey(key)) ?? this.#floorOf(signerId);
  }

  /** Sets the mark of a CRL that is about to become visible; it stays even if that fails. */
  announce(key: Buffer, mark: ScopeMark): void {
    this.#journal.append('mark', key, mark);
  }

  /** After a CRL of the scope was taken. @param before the mark of before */
  put(key: Buffer, mark: ScopeMark, before: ScopeMark | undefined, disputed: Mark | undefined): void {
    const isNewer = before === undefined || compareAge(mark, before).startsWith('newer');
    const { disputed: _, ...newest } = isNewer ? mark : before;
    const put = disputed === undefined ? newest : { ...newest, disputed };
    if (disputed !== undefined) this.#journal.append('mark', key, put);
    this.#environment.put(markKey(key), markBytes(put));
  }

  /** A CRL of the scope that cannot be ordered is not kept: see `ScopeMark`. */
  dispute(key: Buffer, signerId: string, lost: Mark): void {
    const mark = quietly(() => this.#markAt(markKey(key))) ?? { ...lost, signerId };
    const disputed = latestOf(mark.disputed === undefined ? [lost] : [lost, mark.disputed]) ?? lost;
    this.#journal.append('mark', key, { ...mark, disputed });
    this.#environment.put(markKey(key), markBytes({ ...mark, disputed }));
  }

  /** An operator removed the CRL with this content, so another one of its time and number is accepted. */
  forgetContent(key: Buffer, content: string): void {
    const mark = quietly(() => this.#markAt(markKey(key)));
    if (mark?.content !== content) return;
    const { content: _, ...rest } = mark;
    this.#environment.put(markKey(key), markBytes(rest));
  }

  /** Gives up marks of one signer, or marks and floors of several, for one floor that stands for them all. */
  raiseFloor(floor: Buffer, given: readonly Buffer[]): void {
    const environment = this.#environment;
    const marks = [floor, ...given].flatMap((key) => {
      const mark = quietly(() => this.#markAt(key));
      return mark?.disputed === undefined ? (mark ?? []) : [mark, mark.disputed];
    });
    const latest = latestOf(marks);
    if (latest === undefined) return;
    const mark = { thisUpdate: latest.thisUpdate, number: null };
    this.#journal.append('floor', crlOf(floor), mark);
    for (const key of given) environment.remove(key);
    environment.put(floor, markBytes(mark));
  }

  /** All marks and floors, for the journal when it has grown long. */
  compactJournal(): void {
    const environment = this.#environment;
    environment.renew();
    const kinds = [
      { kind: 'mark', range: ALL_MARKS },
      { kind: 'floor', range: ALL_FLOORS },
    ] as const;
    this.#journal.compact(
      kinds.flatMap(({ kind, range }) =>
        environment.entries(range).flatMap(({ key, value }) => {
          const mark = quietly(() => readMark(value));
          return mark === undefined ? [] : [{ kind, key: crlOf(key), mark }];
        }),
      ),
    );
  }

  /** In place of a mark that cannot be read: that of the journal, or else only what is issued from now on will do. */
  replaceOdd(key: Buffer): void {
    const known = isFloorKey(key) ? undefined : this.#journal.markOf(crlOf(key));
    this.#environment.put(key, markBytes(known ?? { thisUpdate: this.#now(), number: null }));
  }

  #markAt(key: Buffer): ScopeMark | undefined {
    const bytes = this.#environment.get(key);
    const mark = bytes && readMark(bytes);
    return mark !== undefined && isIssued(mark.thisUpdate, { now: this.#now() }) ? mark : undefined;
  }

  /** Whatever was issued by then may be older than what is forgotten. */
  #floorOf(signerId: string): ScopeMark | undefined {
    const keys = [floorKey(Buffer.from(signerId, 'hex')), floorKey(ALL_SIGNERS)];
    const floor = latestOf(keys.map((key) => this.#markAt(key)).filter((mark) => mark !== undefined));
    return floor && { thisUpdate: floor.thisUpdate + 1, number: null };
  }
}
