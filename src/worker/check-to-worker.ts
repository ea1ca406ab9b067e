import type { TlsMaterial, ToWorker } from '../wire/ipc.js';

/** The most ids that one revocation may name. */
const MAX_IDS = 65_536;

/** A message from fd 6 with every field checked; `undefined` if it is not a valid message. */
export function checkToWorker(value: unknown): ToWorker | undefined {
  if (!isRecord(value)) return undefined;
  switch (value['type']) {
    case 'configure':
      return configure(value);
    case 'tls':
      return tls(value);
    case 'ping':
      return isCount(value['sequence']) ? { type: 'ping', sequence: value['sequence'] } : undefined;
    case 'drain':
      return drain(value);
    case 'revoke':
      return isIdList(value['ids']) ? { type: 'revoke', ids: value['ids'] } : undefined;
    case 'order':
      return order(value);
    case 'dump':
      return { type: 'dump' };
    case 'shed':
      return isCount(value['count']) ? { type: 'shed', count: value['count'] } : undefined;
    case 'status':
      return isCount(value['request'])
        ? { type: 'status', request: value['request'], status: value['status'] }
        : undefined;
    default:
      return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A non-negative integer that a double holds exactly. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function configure(value: Record<string, unknown>): ToWorker | undefined {
  const { worker, config } = value;
  return isCount(worker) && isRecord(config) ? { type: 'configure', worker, config } : undefined;
}

/** The size of a session ticket key in bytes. */
const TICKET_KEY_LENGTH = 48;

function tls({ listeners, ticketKeys }: Record<string, unknown>): ToWorker | undefined {
  if (!(ticketKeys instanceof Uint8Array) || ticketKeys.length !== TICKET_KEY_LENGTH) return undefined;
  if (!Array.isArray(listeners) || !listeners.every(isTlsMaterial)) return undefined;
  return { type: 'tls', listeners, ticketKeys };
}

function isTlsMaterial(value: unknown): value is TlsMaterial {
  if (!isRecord(value)) return false;
  const { listener, certificate, key, clientCa, clientAuth, isChecked } = value;
  return (
    [listener, certificate, key].every((text) => typeof text === 'string') &&
    (clientCa === null || typeof clientCa === 'string') &&
    (clientAuth === 'require' || clientAuth === 'request') &&
    // Earlier releases do not send it.
    (isChecked === undefined || typeof isChecked === 'boolean')
  );
}

function order(value: Record<string, unknown>): ToWorker | undefined {
  const { order: number, name, body } = value;
  if (!isCount(number) || typeof name !== 'string' || !(body instanceof Uint8Array)) return undefined;
  return { type: 'order', order: number, name, body };
}

function drain(value: Record<string, unknown>): ToWorker | undefined {
  const { lastId, timeout } = value;
  return isCount(lastId) && isCount(timeout) ? { type: 'drain', lastId, timeout } : undefined;
}

function isIdList(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_IDS && value.every(isCount);
}
