import { Worker } from 'node:worker_threads';
import { messageOf } from '../errors.js';
import type { WantedCrl } from '../wire/crl.js';
import type {
  FromIngest,
  IngestOutcome,
  IngestProgress,
  IngestRequest,
  IngestSetup,
  ToIngest,
  UrlRecord,
} from '../wire/ingest.js';
import { StoreError } from './store/store-error.js';

export interface IngestHandleOptions extends IngestSetup {
  /** The thread's module: thread/ingest.js. */
  readonly entry: URL;
  log(level: 'warn' | 'info', message: string, detail?: string): void;
  /** The thread hangs or is gone: only a new process has one again. Said once. */
  onStuck(reason: string): void;
}

/** Why a request is refused at once. */
const NOT_OPEN =
  'the CRL store is not open for writing: another process that writes it may be stopped in the middle; what is stored is read on';
/** ms that the thread may take beyond its own time limit before it counts as hanging. */
const MARGIN = 30_000;
/** How long a request waits for the store to be opened, ms. */
const OPEN_TIMEOUT_MS = 2000;

interface Pending {
  settle(result: unknown): void;
  fail(error: StoreError): void;
  readonly progress: ((progress: IngestProgress) => void) | undefined;
  readonly timer: NodeJS.Timeout;
}

type Request = ToIngest extends infer T ? (T extends { id: number } ? Omit<T, 'id'> : never) : never;

/**
 * The IO loop's view of the thread that writes the CRL store (the thread's own is thread/ingest-service.ts). It waits
 * for nothing without end, and never terminates the thread: within a transaction that would freeze the process.
 */
export class IngestHandle {
  /** The store is open for writing; it stays unsettled while another process holds it. */
  readonly ready: Promise<void>;
  /** The thread is loaded, and opens the store. */
  readonly loaded: Promise<void>;
  readonly #worker: Worker;
  readonly #options: IngestHandleOptions;
  readonly #pending = new Map<number, Pending>();
  #ingestions: Promise<void> = Promise.resolve();
  #nextId = 1;
  #isReady = false;
  #becameReady: () => void = () => undefined;
  #becameLoaded: () => void = () => undefined;
  #stuck: string | undefined;
  #closing = false;

  constructor(options: IngestHandleOptions) {
    this.#options = options;
    const { dataDirectory, maxBytes, keepsDer, budget } = options;
    const workerData: IngestSetup = { dataDirectory, maxBytes, keepsDer, budget };
    this.ready = new Promise((resolve) => {
      this.#becameReady = resolve;
    });
    this.loaded = new Promise((resolve) => {
      this.#becameLoaded = resolve;
    });
    this.#worker = new Worker(options.entry, {
      workerData,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on('message', (message: FromIngest) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      this.#giveUp(`the ingest thread failed: ${messageOf(error)}`);
    });
    this.#worker.on('exit', () => {
      if (!this.#closing) this.#giveUp('the ingest thread is gone');
    });
  }

  /** One after the other. Never rejects. */
  async ingest(
    request: IngestRequest,
    progress?: (progress: IngestProgress) => void,
  ): Promise<IngestOutcome> {
    const outcome = this.#ingestions.then(() => this.#ingest(request, progress));
    this.#ingestions = outcome.then(() => undefined);
    return outcome;
  }

  async #ingest(
    request: IngestRequest,
    progress: ((progress: IngestProgress) => void) | undefined,
  ): Promise<IngestOutcome> {
    const { content } = request;
    const der = 'der' in content ? ownBytes(content.der) : undefined;
    const owned = der === undefined ? request : { ...request, content: { der } };
    const timeout = this.#options.budget + MARGIN;
    try {
      const transfer = der === undefined ? [] : [der.buffer];
      const result = await this.#ask({ type: 'ingest', request: owned }, timeout, transfer, progress);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the thread is this program's own
      return result as IngestOutcome;
    } catch (error) {
      return { kind: 'refused', code: 'STORE_FAILED', message: `${request.source}: ${messageOf(error)}` };
    }
  }

  /** Takes a CRL out, by its key; was it there? Rejects with `StoreError`, as the following do. */
  async remove(key: string): Promise<boolean> {
    return (await this.#ask({ type: 'remove', key })) === true;
  }

  /** Remembers something of a URL, for every process; read by `CrlStore.urlRecord`. */
  async note(url: string, record: UrlRecord): Promise<void> {
    await this.#ask({ type: 'note', url, record });
  }

  /** Remembers what a URL is named for, unless that is known. */
  async learn(url: string, wanted: WantedCrl): Promise<void> {
    await this.#ask({ type: 'learn', url, wanted });
  }

  /**
   * Is the lease of this name this process's now, for so many ms (ten minutes at most)? It ends by itself, however
   * its holder ends; the holder itself may take it again.
   */
  async acquireLease(name: string, duration: number): Promise<boolean> {
    return (await this.#ask({ type: 'acquireLease', name, duration })) === true;
  }

  async releaseLease(name: string): Promise<void> {
    await this.#ask({ type: 'releaseLease', name });
  }

  /** Lets the thread finish and end; false when it has not within `timeout` ms. To be called before the process exits. */
  async close(timeout: number): Promise<boolean> {
    this.#closing = true;
    if (this.#stuck !== undefined) return false;
    const exited = new Promise<boolean>((resolve) => {
      this.#worker.once('exit', () => {
        resolve(true);
      });
    });
    const late = new Promise<boolean>((resolve) => {
      setTimeout(resolve, timeout, false).unref();
    });
    this.#post({ type: 'close', id: this.#nextId++ });
    return Promise.race([exited, late]);
  }

  async #ask(
    request: Request,
    timeout = MARGIN,
    transfer: readonly ArrayBuffer[] = [],
    progress?: (progress: IngestProgress) => void,
  ): Promise<unknown> {
    if (!this.#isReady) await this.#opened();
    if (this.#stuck !== undefined) throw new StoreError('STORE_FAILED', this.#stuck);
    if (this.#closing) throw new StoreError('STORE_FAILED', 'the process is about to end');
    const id = this.#nextId++;
    return new Promise((settle, fail) => {
      const timer = setTimeout(() => {
        this.#giveUp(`the ingest thread has not answered for ${timeout} ms`);
      }, timeout);
      this.#pending.set(id, { settle, fail, progress, timer });
      this.#post({ ...request, id }, transfer);
    });
  }

  /** Throws when the store is not open in time. */
  async #opened(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new StoreError('STORE_FAILED', NOT_OPEN));
      }, OPEN_TIMEOUT_MS);
    });
    try {
      await Promise.race([this.ready, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(message: FromIngest): void {
    switch (message.type) {
      case 'opening':
        this.#becameLoaded();
        return;
      case 'ready':
        this.#isReady = true;
        this.#becameReady();
        return;
      case 'log':
        this.#options.log(message.level, message.message, message.detail);
        return;
      case 'progress':
        this.#pending.get(message.id)?.progress?.(message.progress);
        return;
      case 'done':
        this.#take(message.id)?.settle(message.result);
        return;
      case 'failed':
        this.#take(message.id)?.fail(new StoreError('STORE_FAILED', message.message));
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending !== undefined) clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }

  #giveUp(reason: string): void {
    if (this.#stuck !== undefined) return;
    this.#stuck = reason;
    this.#becameLoaded();
    this.#becameReady();
    for (const id of this.#pending.keys()) this.#take(id)?.fail(new StoreError('STORE_FAILED', reason));
    if (!this.#closing) this.#options.onStuck(reason);
  }

  #post(message: ToIngest, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

/** In memory of their own, which can be handed over without a copy. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return new Uint8Array(buffer);
  return Uint8Array.from(bytes);
}
