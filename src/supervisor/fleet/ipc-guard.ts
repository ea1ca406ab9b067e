import type { ChildProcess } from 'node:child_process';

/**
 * Restricts a worker's end of Node's IPC channel (fd 3) to what the hand-over of connections needs. `node:cluster`
 * grants every request of a worker there: it binds ports and paths with the primary's rights, and accepts any
 * descriptor. Workers read hostile input and may have fewer rights, so these requests are refused: other messages are
 * dropped, a descriptor that comes with one is closed, and `onForbidden` is called.
 *
 * Node's own listeners for permitted messages are called from here. `internalMessage` is an internal event of Node; the
 * tests with a hostile worker show on each supported release that nothing bypasses this guard.
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

/** The worker is online, or reports whether it received the handle that it was sent last. */
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
