import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../errors.js';
import type { LogRecord } from '../log.js';
import { decode, encode } from '../wire/codec.js';
import { FrameReader, frame } from '../wire/frame.js';
import type { ToPrimary, ToWorker } from '../wire/ipc.js';
import { checkToWorker } from './check-to-worker.js';

export interface LinkListener {
  onMessage(message: ToWorker): void;
  /** A value that is not a valid message; it is ignored otherwise. */
  onUnknown(what: string): void;
  /** The primary is gone, or its input is not in frames any more. Called once. */
  onClosed(why: string): void;
}

/** Unsent bytes from which on log records are dropped: the primary does not read, and memory must stay bounded. */
const MAX_UNSENT = 8 * 1024 * 1024;
/** Characters of one record's message; the primary refuses much longer ones. */
const MAX_TEXT = 8192;
/** Log records in one message. */
const MAX_RECORDS = 1000;
/**
 * The least time between two reports of the load alone, ms: each wakes the primary, which costs as much as several
 * requests.
 */
const LOAD_INTERVAL = 100;
/**
 * The same for a load that goes along with another message, mostly an acknowledgement, so that a burst of connections
 * is spread by present loads, ms.
 */
const LOAD_ALONG_INTERVAL = 10;

/**
 * The worker's side of fd 4 and fd 6 (the primary's is supervisor/worker-handle). Messages of one turn of the loop are
 * one write at its end: first acknowledgements in the order of their ids, then the load, then the log. The load is left
 * out if one was reported a short while ago.
 */
export class SupervisorLink {
  readonly #outgoing: Writable;
  readonly #frames = new FrameReader();
  readonly #listener: LinkListener;
  #accepted: { readonly id: number; readonly onWritten: () => void }[] = [];
  #refused: number[] = [];
  #revoked: number[] = [];
  #inFlight = 0;
  #connections = 0;
  /** Whether the load has changed since it was reported. */
  #isLoadDue = false;
  #loadSentAt = -Infinity;
  /** One timer at a time: when it fires, it looks whether a report is still due. */
  #loadTimer: NodeJS.Timeout | undefined;
  #records: LogRecord[] = [];
  #droppedRecords = 0;
  #flushScheduled = false;
  #closed = false;

  constructor(incoming: Readable, outgoing: Writable, listener: LinkListener) {
    this.#outgoing = outgoing;
    this.#listener = listener;
    incoming.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    for (const stream of [incoming, outgoing]) {
      stream.on('error', (error) => {
        this.#close(error.message);
      });
      stream.on('close', () => {
        this.#close('it was closed');
      });
    }
  }

  /** Sends at once, after the messages that wait for the end of the turn. `onSent` is called when it was written. */
  send(message: ToPrimary, onSent?: () => void): void {
    this.#flush(message, onSent);
  }

  /** @param onWritten called when the acknowledgement was written: from then on the connection may be read */
  accept(id: number, onWritten: () => void): void {
    this.#accepted.push({ id, onWritten });
    this.#scheduleFlush();
  }

  refuse(id: number): void {
    this.#refused.push(id);
    this.#scheduleFlush();
  }

  confirmRevoked(ids: readonly number[]): void {
    this.#revoked.push(...ids);
    this.#scheduleFlush();
  }

  /** Of several changes within a while only the last is sent. */
  reportLoad(inFlight: number, connections: number): void {
    this.#inFlight = inFlight;
    this.#connections = connections;
    if (this.#isLoadDue) return;
    this.#isLoadDue = true;
    if (this.#loadTimer === undefined) this.#sendLoadInTime();
  }

  log(record: LogRecord): void {
    if (this.#outgoing.writableLength > MAX_UNSENT || this.#records.length >= MAX_RECORDS) {
      this.#droppedRecords++;
      return;
    }
    this.#records.push({ ...record, message: record.message.slice(0, MAX_TEXT) });
    this.#scheduleFlush();
  }

  #sendLoadInTime(): void {
    const wait = this.#loadSentAt + LOAD_INTERVAL - performance.now();
    if (wait <= 0) this.#scheduleFlush();
    else
      this.#loadTimer = setTimeout(() => {
        this.#loadTimer = undefined;
        if (this.#isLoadDue) this.#sendLoadInTime();
      }, wait);
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(last?: ToPrimary, onSent?: () => void): void {
    this.#flushScheduled = false;
    const accepted = this.#accepted;
    const messages = this.#takeMessages();
    if (last) messages.push(last);
    if (messages.length === 0 || this.#closed) return;
    const bytes = Buffer.concat(messages.map((message) => frame(encode(message))));
    this.#outgoing.write(bytes, (error) => {
      // Not sent: the primary is gone, and this process ends in a moment.
      if (error) return;
      for (const { onWritten } of accepted) onWritten();
      onSent?.();
    });
  }

  #takeMessages(): ToPrimary[] {
    const messages: ToPrimary[] = [];
    if (this.#accepted.length > 0)
      messages.push({ type: 'accepted', ids: this.#accepted.map(({ id }) => id) });
    if (this.#refused.length > 0) messages.push({ type: 'refused', ids: this.#refused });
    if (this.#revoked.length > 0) messages.push({ type: 'revoked', ids: this.#revoked });
    if (this.#isLoadDue) this.#addLoad(messages);
    if (this.#records.length > 0) messages.push({ type: 'log', records: this.#takeRecords() });
    this.#accepted = [];
    this.#refused = [];
    this.#revoked = [];
    return messages;
  }

  /** Unless one was sent just now: then it waits for its time. */
  #addLoad(messages: ToPrimary[]): void {
    const now = performance.now();
    if (now - this.#loadSentAt < LOAD_ALONG_INTERVAL) {
      if (this.#loadTimer === undefined) this.#sendLoadInTime();
      return;
    }
    messages.push({ type: 'load', inFlight: this.#inFlight, connections: this.#connections });
    this.#loadSentAt = now;
    this.#isLoadDue = false;
  }

  #takeRecords(): readonly LogRecord[] {
    const records = this.#records;
    const model = records[0];
    this.#records = [];
    if (this.#droppedRecords === 0 || !model) return records;
    const fields = { dropped: this.#droppedRecords };
    this.#droppedRecords = 0;
    return [...records, { ...model, level: 'warn', message: 'log records were dropped', fields }];
  }

  #receive(chunk: Buffer): void {
    let values: unknown[];
    try {
      values = this.#frames.push(chunk).map((body) => decode(body));
    } catch (error) {
      this.#close(messageOf(error));
      return;
    }
    for (const value of values) {
      const message = checkToWorker(value);
      if (message) this.#listener.onMessage(message);
      else this.#listener.onUnknown(describe(value));
    }
  }

  #close(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onClosed(why);
  }
}

function describe(value: unknown): string {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : value;
  return String(type).slice(0, 40);
}
