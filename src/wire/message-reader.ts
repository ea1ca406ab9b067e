import { HEADER, readHeader, type Header } from './message.js';

export interface Message extends Header {
  readonly kind: 'message';
  /** The body; a view of the received piece if it came in one. */
  readonly body: Buffer;
}

export type ReadMessage =
  | Message
  /** Its body exceeds the limit of its type. It is skipped, and the next message is read after it. */
  | { readonly kind: 'tooLarge'; readonly id: number; readonly limit: number }
  /** The bytes are not a message: nothing further can be read. */
  | { readonly kind: 'broken'; readonly why: string };

const EMPTY = Buffer.alloc(0);
/** Octets allocated at first for a long message; doubled as more of it comes. */
const FIRST_ROOM = 64 * 1024;

/**
 * Cuts a byte stream into messages, one at a time as they are asked for.
 *
 * Memory for a message is allocated only as it comes, and none is kept of one that is too large.
 */
export class MessageReader {
  readonly #limitOf: (type: number) => number | undefined;
  /** The received piece, and how much of it was read. */
  #piece: Buffer = EMPTY;
  #at = 0;
  /** The beginning of an incomplete message, in a buffer that may be larger. */
  #begun: Buffer | undefined;
  #begunSize = 0;
  #header: Header | undefined;
  /** Bytes to skip, of a message that is too large. */
  #skip = 0;
  #broken = false;

  /** @param limitOf the most bytes that the body of a type may have; undefined for an unknown type */
  constructor(limitOf: (type: number) => number | undefined) {
    this.#limitOf = limitOf;
  }

  /** Whether a message is incomplete. */
  get midMessage(): boolean {
    return this.#begun !== undefined || this.#skip > 0;
  }

  /** Bytes allocated for an incomplete message. */
  get held(): number {
    return this.#begun?.length ?? 0;
  }

  push(piece: Buffer): void {
    const rest = this.#piece.length - this.#at;
    this.#piece = rest === 0 ? piece : Buffer.concat([this.#piece.subarray(this.#at), piece]);
    this.#at = 0;
  }

  /** The next complete message; undefined if there is none. */
  next(): ReadMessage | undefined {
    if (this.#broken) return undefined;
    this.#drop();
    if (this.#begun) return this.#continue(this.#begun);
    const available = this.#piece.length - this.#at;
    if (available === 0) {
      // Otherwise a silent connection would keep its last piece.
      this.#piece = EMPTY;
      this.#at = 0;
      return undefined;
    }
    if (available < HEADER) return this.#begin(HEADER);
    const header = readHeader(this.#piece, this.#at);
    const refused = this.#check(header);
    if (refused) return refused;
    if (!header) return undefined;
    if (available < header.size) {
      this.#header = header;
      return this.#begin(Math.min(header.size, Math.max(FIRST_ROOM, available * 2)));
    }
    const view = this.#piece.subarray(this.#at + HEADER, this.#at + header.size);
    this.#at += header.size;
    return message(header, view);
  }

  /** Gives up the incomplete message, and skips the rest of it. Returns its id; 0 if that is not known. */
  giveUp(): number {
    const id = this.#header?.id ?? 0;
    if (this.#header) this.#skip = this.#header.size - this.#begunSize;
    this.#forget();
    return id;
  }

  #continue(begun: Buffer): ReadMessage | undefined {
    let room = begun;
    if (!this.#header) {
      this.#fill(room, HEADER);
      if (this.#begunSize < HEADER) return undefined;
      const header = readHeader(room, 0);
      const refused = this.#check(header);
      if (refused) {
        this.#forget();
        return refused;
      }
      this.#header = header;
    }
    const header = this.#header;
    if (!header) return undefined;
    while (this.#begunSize < header.size && this.#at < this.#piece.length) {
      if (this.#begunSize === room.length) room = this.#widen(room, header.size);
      this.#fill(room, header.size);
    }
    if (this.#begunSize < header.size) return undefined;
    this.#forget();
    return message(header, room.subarray(HEADER, header.size));
  }

  /** What is wrong with a header, if anything. A message that is too large is skipped from here on. */
  #check(header: Header | undefined): ReadMessage | undefined {
    const limit = header && this.#limitOf(header.type);
    if (!header || limit === undefined) {
      this.#broken = true;
      const why = header
        ? `type ${header.type} is unknown`
        : 'its length is under 12, or its zero bytes are not zero';
      return { kind: 'broken', why: `the header of a message is wrong: ${why}` };
    }
    if (header.size - HEADER <= limit) return undefined;
    // A header that was assembled from pieces is already consumed.
    this.#skip = this.#begun ? header.size - HEADER : header.size;
    return { kind: 'tooLarge', id: header.id, limit };
  }

  #begin(room: number): undefined {
    // Not from Node's pool: a few bytes would keep all of it alive.
    this.#begun = Buffer.allocUnsafeSlow(room);
    this.#begunSize = 0;
    this.#fill(this.#begun, room);
  }

  #widen(begun: Buffer, size: number): Buffer {
    const wider = Buffer.allocUnsafeSlow(Math.min(size, Math.max(FIRST_ROOM, begun.length * 2)));
    wider.set(begun);
    this.#begun = wider;
    return wider;
  }

  /** Appends bytes of the piece to the incomplete message, up to `size` or the end of the buffer. */
  #fill(room: Buffer, size: number): void {
    const end = Math.min(size, room.length);
    const copied = this.#piece.copy(room, this.#begunSize, this.#at, this.#at + end - this.#begunSize);
    this.#begunSize += copied;
    this.#at += copied;
  }

  #drop(): void {
    const dropped = Math.min(this.#skip, this.#piece.length - this.#at);
    this.#skip -= dropped;
    this.#at += dropped;
  }

  #forget(): void {
    this.#begun = undefined;
    this.#begunSize = 0;
    this.#header = undefined;
  }
}

/** Written out: spreading another object costs more than reading the header. */
function message({ size, type, id, time }: Header, body: Buffer): Message {
  return { kind: 'message', size, type, id, time, body };
}
