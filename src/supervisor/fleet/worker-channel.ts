import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../errors.js';
import { decode, encode } from '../../wire/codec.js';
import { frame, FrameReader } from '../../wire/frame.js';
import type { ToPrimary, ToWorker } from '../../wire/ipc.js';
import { LogQuota } from '../log/log-quota.js';
import { parseToPrimary } from './worker-messages.js';

/** Bytes; a worker that leaves this much unread counts as hanging. */
const MAX_UNREAD = 16 * 1024 * 1024;

export interface ChannelEvents {
  message(message: ToPrimary): void;
  /** The worker sent an invalid message, or does not read. Its further messages are ignored. */
  broken(reason: string): void;
  /** All that the worker sent was read. */
  closed(): void;
}

/** The primary's ends of fd 4 and fd 6: frames of msgpack, checked as they come in. */
export class WorkerChannel {
  readonly #outgoing: Writable;
  readonly #events: ChannelEvents;
  readonly #frames = new FrameReader();
  readonly #logQuota = new LogQuota(() => performance.now());
  #broken = false;

  constructor(incoming: Readable, outgoing: Writable, events: ChannelEvents) {
    this.#outgoing = outgoing;
    this.#events = events;
    incoming.on('data', (chunk: Buffer) => this.#receive(chunk));
    incoming.on('error', () => incoming.destroy());
    incoming.on('close', () => events.closed());
    // A dead worker reads nothing, but its last messages must still be read.
    outgoing.on('error', () => outgoing.destroy());
  }

  send(message: ToWorker): void {
    if (this.#broken || !this.#outgoing.writable) return;
    this.#outgoing.write(frame(encode(message)));
    if (this.#outgoing.writableLength > MAX_UNREAD) this.#break('it does not read what it is sent');
  }

  #receive(chunk: Buffer): void {
    for (const message of this.#cut(chunk)) {
      // The last message may have ended the channel.
      if (this.#broken) return;
      this.#events.message(message);
    }
  }

  #cut(chunk: Buffer): ToPrimary[] {
    if (this.#broken) return [];
    const messages: ToPrimary[] = [];
    try {
      for (const body of this.#frames.push(chunk)) {
        const message = parseToPrimary(decode(body));
        if (!message) throw new Error('a message of no known shape');
        messages.push(message.type === 'log' ? this.#withinQuota(message) : message);
      }
    } catch (error) {
      this.#break(`it sent garbage: ${messageOf(error)}`);
    }
    return messages;
  }

  #withinQuota({ type, records }: Extract<ToPrimary, { type: 'log' }>): ToPrimary {
    return { type, records: this.#logQuota.take(records) };
  }

  #break(reason: string): void {
    this.#broken = true;
    this.#events.broken(reason);
  }
}
