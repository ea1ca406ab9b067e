import type { ChildProcess } from 'node:child_process';

/**
 * Keeps a worker's end of Node's IPC channel (fd 3) to what handing connections over needs. `node:cluster` answers
 * every wish of a worker there: it binds ports and paths for it with the primary's rights, and takes whatever
 * descriptors it sends. Workers read hostile input and may have fewer rights, so none of that is answered: what a
 * worker sends besides is not heard, a descriptor that comes with it is closed, and `onForbidden` is told.
 *
 * Node's own listeners for these messages are called from here. `internalMessage` is an event that Node reserves for
 * itself; the tests with a hostile worker show on each supported release that nothing goes round this.
 */
export function guardIpc(child: ChildProcess, onForbidden: (what: string) => void): void {
  const own = child.listeners('internalMessage');
  child.removeAllListeners('internalMessage');
  child.on('internalMessage', (message: unknown, handle: unknown) => {
    if (handle === undefined && isNeeded(message)) {
      for (const listener of own) Reflect.apply(listener, child, [message, handle]);
      return;
    }
    refuse(message, handle, onForbidden);
  });
  child.on('message', (message: unknown, handle: unknown) => {
    refuse(message, handle, onForbidden);
  });
}

/** The worker has come up, or has taken (or could not take) the handle that it was sent last. */
function isNeeded(message: unknown): boolean {
  const cmd = textIn(message, 'cmd');
  if (cmd === 'NODE_HANDLE_ACK' || cmd === 'NODE_HANDLE_NACK') return true;
  return cmd === 'NODE_CLUSTER' && textIn(message, 'act') === 'online';
}

function refuse(message: unknown, handle: unknown, onForbidden: (what: string) => void): void {
  if (
    typeof handle === 'object' &&
    handle !== null &&
    'close' in handle &&
    typeof handle.close === 'function'
  ) {
    Reflect.apply(handle.close, handle, []);
  }
  const what = [textIn(message, 'cmd'), textIn(message, 'act')].filter((word) => word !== '').join(' ');
  onForbidden(what.slice(0, 80) || 'a message');
}

function textIn(message: unknown, key: string): string {
  if (typeof message !== 'object' || message === null) return '';
  const value = Object.entries(message).find(([name]) => name === key)?.[1] as unknown;
  return typeof value === 'string' ? value : '';
}
