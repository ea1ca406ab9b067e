import { formatSize } from '../../config/units.js';
import type { Logger, LogSink } from '../../log.js';
import type { ToPrimary, WorkerStatistics } from '../../wire/ipc.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Orders } from './orders.js';
import type { WorkerHandle } from './worker-handle.js';

export interface MessageRoutes {
  readonly dispatcher: Dispatcher;
  readonly orders: Orders;
  readonly log: Logger;
  readonly sink: LogSink;
  /** The server's status, for workers that ask. */
  readonly status: () => unknown;
  /** Replaces this worker, which serves until the other one is ready. */
  readonly replace: (handle: WorkerHandle, reason: string) => void;
}

/** Passes a worker's messages to the parts of the primary that they concern. */
export class MessageRouting {
  readonly #routes: MessageRoutes;

  constructor(routes: MessageRoutes) {
    this.#routes = routes;
  }

  route(handle: WorkerHandle, message: ToPrimary): void {
    const { dispatcher, orders, sink, status } = this.#routes;
    switch (message.type) {
      case 'accepted':
        return dispatcher.accepted(handle, message.ids);
      case 'refused':
        return dispatcher.refused(handle, message.ids);
      case 'revoked':
        return dispatcher.revoked(handle, message.ids);
      case 'load':
        return dispatcher.report(handle, message);
      case 'statusRequest':
        return handle.send({ type: 'status', request: message.request, status: status() });
      case 'ordered':
        return orders.answered(handle, message.order, message.outcome);
      case 'pong':
        return this.#checkMemory(handle, message.statistics);
      case 'restart':
        return this.#onRestartRequest(handle, message.reason);
      case 'log':
        for (const record of message.records)
          sink({ ...record, source: `worker ${handle.worker}`, pid: handle.pid });
        return;
      default: // The handle itself has dealt with the others.
    }
  }

  #checkMemory(handle: WorkerHandle, { anonymousRss }: WorkerStatistics): void {
    const limit = handle.generation.config['workers.maxRss'];
    if (limit === 0 || anonymousRss <= limit || handle.leaving || handle.state !== 'ready') return;
    const used = `${Math.round(anonymousRss / 1024)}KiB`;
    const reason = `its anonymous memory (${used}) is beyond workers.maxRss (${formatSize(limit)})`;
    this.#routes.log.warn('a worker is replaced', { worker: handle.worker, workerPid: handle.pid, reason });
    this.#routes.replace(handle, reason);
  }

  #onRestartRequest(handle: WorkerHandle, reason: string): void {
    // Its death is logged with the reason.
    if (handle.state === 'starting') return handle.kill(`it cannot start: ${reason}`);
    this.#routes.log.warn('a worker asks to be replaced', { worker: handle.worker, reason });
    if (handle.state === 'ready' && !handle.leaving) this.#routes.replace(handle, reason);
  }
}
