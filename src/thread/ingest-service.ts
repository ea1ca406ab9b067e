import type { BroadcastChannel, MessagePort } from 'node:worker_threads';
import { Deadline } from '../crl/ingest/deadline.js';
import { Ingester } from '../crl/ingest/ingester.js';
import { openWriter, rebuildWriter } from '../crl/store/open-writer.js';
import { ALL_HEADS, crlOf } from '../crl/store/records/keys.js';
import { dropOdd } from '../crl/store/records/odd-records.js';
import type { StoreWriter } from '../crl/store/store-writer.js';
import { codeOf, messageOf } from '../errors.js';
import { collectGarbage } from './collect-garbage.js';
import type { FromIngest, IngestSetup, StoreNote, ToIngest } from '../wire/ingest.js';

/** The size of a CRL in octets from which on memory is freed at once. */
const LARGE = 512 * 1024;
/** ms between two progress messages of an ingestion, since each wakes the event loop. */
const TELL = 100;
/** ms that a small transaction may wait for another process's. */
const SMALL = 5000;

/**
 * Serves the IO loop's requests (its view is crl/ingest-handle.ts). Ingestions run one after the other; leases and
 * records go in between. When told to close, the thread ends by itself after its transaction. It is never terminated:
 * within a transaction that would block the process.
 */
export async function runIngest(port: MessagePort, notes: BroadcastChannel, data: unknown): Promise<void> {
  if (!isIngestSetup(data)) throw new Error('runs only as an ingest thread');
  const service = new IngestService(port, data);
  port.on('message', (message: ToIngest) => {
    service.receive(message);
  });
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- Node's types know only this of a BroadcastChannel
  notes.onmessage = (event: unknown) => {
    const note = noteOf(event);
    if (note !== undefined) service.handleNote(note);
  };
  await service.open();
}

class IngestService {
  readonly #port: MessagePort;
  readonly #setup: IngestSetup;
  #writer: StoreWriter | undefined;
  #ingester: Ingester | undefined;
  /** Settled at the end of the queued work. */
  #queue: Promise<void> = Promise.resolve();
  /** Settled when the rebuilt store is open, or failed to open. */
  #rebuilding: Promise<void> | undefined;
  #isTidying = false;
  /** Transactions outside the queue. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(port: MessagePort, setup: IngestSetup) {
    this.#port = port;
    this.#setup = setup;
  }

  async open(): Promise<void> {
    const { dataDirectory } = this.#setup;
    this.#send({ type: 'opening' });
    this.#take(await openWriter({ dataDirectory, report: this.#report, now: Date.now }));
    this.#send({ type: 'ready' });
    this.#enqueue(() => this.#tidy(undefined));
  }

  receive(message: ToIngest): void {
    const { id } = message;
    switch (message.type) {
      case 'ingest':
        this.#enqueue(() => this.#ingest(id, message.request));
        return;
      case 'remove':
        this.#enqueue(() => this.#answer(id, (writer) => remove(writer, message.key)));
        return;
      case 'note':
        void this.#answer(id, (writer) => writer.noteUrl(message.url, message.record));
        this.#noted();
        return;
      case 'learn':
        void this.#answer(id, (writer) => writer.learnUrl(message.url, message.wanted));
        this.#noted();
        return;
      case 'acquireLease':
        void this.#answer(id, (writer) => writer.acquireLease(message.name, message.duration));
        return;
      case 'releaseLease':
        void this.#answer(id, (writer) => writer.releaseLease(message.name));
        return;
      case 'close':
        this.#enqueue(() => this.#close(id));
    }
  }

  /** Notes fill the store, too. */
  #noted(): void {
    if (this.#ingester?.noted() !== true || this.#isTidying) return;
    this.#isTidying = true;
    this.#enqueue(() =>
      this.#tidy(undefined).finally(() => {
        this.#isTidying = false;
      }),
    );
  }

  handleNote(note: StoreNote): void {
    if (note.type === 'odd') this.#enqueue(() => this.#dropOdd());
    else if (note.type === 'damaged') this.#enqueue(() => this.#rebuild(note.identity));
    else if (this.#writer !== undefined && this.#rebuilding === undefined) {
      const key = Buffer.from(note.key, 'hex');
      this.#quietly(this.#small((writer) => writer.noteUse(key)));
    }
  }

  async #ingest(id: number, request: Extract<ToIngest, { type: 'ingest' }>['request']): Promise<void> {
    if (this.#ingester === undefined) throw new Error('the ingest thread is not open');
    let toldAt = performance.now();
    const outcome = await this.#ingester.ingest(request, (progress) => {
      if (progress.done < progress.total && performance.now() - toldAt < TELL) return;
      toldAt = performance.now();
      this.#send({ type: 'progress', id, progress });
    });
    this.#send({ type: 'done', id, result: outcome });
    if (outcome.kind !== 'notNewer')
      await this.#tidy(outcome.kind === 'stored' ? outcome.crl.key : undefined);
    if (outcome.kind === 'stored' && outcome.crl.bytes > LARGE) setImmediate(collectGarbage);
  }

  async #tidy(stored: string | undefined): Promise<void> {
    const writer = this.#opened();
    try {
      await this.#ingester?.tidy(stored);
    } catch (error) {
      this.#handleDamage(error, writer);
      throw error;
    }
  }

  #handleDamage(thrown: unknown, { environment }: StoreWriter): void {
    if (codeOf(thrown) === 'STORE_DAMAGED') this.#enqueue(() => this.#rebuild(environment.identity));
    if (codeOf(thrown) === 'STORE_ODD') this.#enqueue(() => this.#dropOdd());
  }

  async #dropOdd(): Promise<void> {
    const writer = this.#opened();
    try {
      await dropOdd(writer, this.#report);
    } catch (error) {
      if (codeOf(error) !== 'STORE_DAMAGED') throw error;
      await this.#rebuild(writer.environment.identity);
    }
  }

  /** Several messages may report the same environment; only that one is replaced. */
  async #rebuild(identity: string | undefined): Promise<void> {
    if (this.#writer?.environment.identity !== identity) return;
    const rebuilt = this.#replaceWriter();
    this.#rebuilding = rebuilt.catch(() => undefined);
    try {
      await rebuilt;
    } finally {
      this.#rebuilding = undefined;
    }
  }

  async #replaceWriter(): Promise<void> {
    const { dataDirectory } = this.#setup;
    await new Deadline(SMALL).hold(Promise.allSettled(this.#underWay));
    this.#take(await rebuildWriter(this.#opened(), { dataDirectory, report: this.#report, now: Date.now }));
  }

  async #close(id: number): Promise<void> {
    await this.#writer?.environment.close();
    this.#send({ type: 'done', id, result: undefined });
    this.#port.close();
  }

  #take(writer: StoreWriter): void {
    const { maxBytes, keepsDer, budget } = this.#setup;
    this.#writer = writer;
    this.#ingester = new Ingester(writer, {
      maxBytes,
      keepsDer,
      budget,
      now: Date.now,
      report: this.#report,
      damaged: (code) => {
        this.#enqueue(() =>
          code === 'STORE_ODD' ? this.#dropOdd() : this.#rebuild(writer.environment.identity),
        );
      },
    });
  }

  #opened(): StoreWriter {
    if (this.#writer === undefined) throw new Error('the ingest thread is not open');
    return this.#writer;
  }

  async #answer(id: number, work: (writer: StoreWriter) => Promise<unknown>): Promise<void> {
    try {
      this.#send({ type: 'done', id, result: await new Deadline(SMALL).hold(this.#small(work)) });
    } catch (error) {
      this.#send({ type: 'failed', id, message: messageOf(error) });
    }
  }

  /** Waits for a store that is being rebuilt, and does not close one during a transaction. */
  async #small<T>(work: (writer: StoreWriter) => Promise<T>): Promise<T> {
    while (this.#rebuilding !== undefined) await this.#rebuilding;
    const writer = this.#opened();
    const running = work(writer);
    this.#underWay.add(running);
    try {
      return await running;
    } catch (error) {
      this.#handleDamage(error, writer);
      throw error;
    } finally {
      this.#underWay.delete(running);
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      this.#report(messageOf(error));
    });
  }

  #quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#report(messageOf(error));
    });
  }

  readonly #report = (message: string, detail?: string): void => {
    this.#send({ type: 'log', level: 'warn', message, ...(detail !== undefined && { detail }) });
  };

  #send(message: FromIngest): void {
    this.#port.postMessage(message);
  }
}

async function remove(writer: StoreWriter, key: string): Promise<boolean> {
  writer.environment.renew();
  const heads = writer.environment.keys(ALL_HEADS).filter((head) => crlOf(head).toString('hex') === key);
  await writer.remove(heads);
  return heads.length > 0;
}

function isIngestSetup(value: unknown): value is IngestSetup {
  return typeof value === 'object' && value !== null && 'dataDirectory' in value && 'budget' in value;
}

/** Messages of readers in this process are trusted. */
function noteOf(event: unknown): StoreNote | undefined {
  if (typeof event !== 'object' || event === null || !('data' in event)) return undefined;
  const { data } = event;
  if (typeof data !== 'object' || data === null || !('type' in data)) return undefined;
  if (data.type === 'odd') return { type: 'odd' };
  if (data.type === 'damaged')
    return 'identity' in data && typeof data.identity === 'string'
      ? { type: 'damaged', identity: data.identity }
      : undefined;
  return 'key' in data && typeof data.key === 'string' ? { type: 'used', key: data.key } : undefined;
}
