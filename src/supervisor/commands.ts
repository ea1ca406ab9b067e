import type { ControlRequest, ControlResponse } from '../wire/control.js';

/** What an operator's command may do. */
export interface Operations {
  readonly wanted: number;
  status(): unknown;
  scaleTo(workers: number): void;
  scaleByLoad(): void;
  /** Replaces a worker; false if there is no such worker. */
  restart(worker: number): boolean;
  reload(): Promise<ControlResponse>;
  /** Has a worker carry out the order. */
  order(name: string, body: Uint8Array): Promise<ControlResponse>;
  /** The number of workers that were asked to write their state to the log. */
  dump(): number;
  stop(): void;
  /** Stops without waiting for answers. */
  stopNow(): void;
}

const MAX_WORKERS = 256;

type Argument = ControlRequest['argument'];

/** Carries out one command. A bad argument changes nothing, and the error says what is accepted. */
export function carryOut(
  { command, argument, body }: ControlRequest,
  operations: Operations,
): ControlResponse | Promise<ControlResponse> {
  switch (command) {
    case 'status':
      return { ok: true, result: operations.status() };
    case 'scale':
      return scale(argument, operations);
    case 'reload':
      return operations.reload();
    case 'restart':
      return restart(argument, operations);
    case 'dump':
      return { ok: true, result: { workers: operations.dump() } };
    case 'order':
      return order(argument, body, operations);
    case 'stop':
      return stop(argument, operations);
    default:
      return command satisfies never;
  }
}

function scale(argument: Argument, operations: Operations): ControlResponse {
  const before = operations.wanted;
  if (argument === 'auto') {
    operations.scaleByLoad();
    return { ok: true, result: { before, scale: 'auto' } };
  }
  const wanted = workersWanted(argument, before);
  if (wanted === undefined || !Number.isInteger(wanted) || wanted < 1 || wanted > MAX_WORKERS) {
    const asked = wanted === undefined || wanted === argument ? '' : `, and ${argument} would make ${wanted}`;
    const message = `the number of workers is 1 to ${MAX_WORKERS}, +N, -N or auto, not ${argument ?? 'nothing'}${asked}`;
    return { ok: false, code: 'BAD_ARGUMENT', message };
  }
  operations.scaleTo(wanted);
  return { ok: true, result: { before, scale: wanted } };
}

/** `4`, or `+1` and `-1` relative to the present number. */
function workersWanted(argument: Argument, before: number): number | undefined {
  if (typeof argument !== 'string') return argument;
  if (/^\d{1,4}$/.test(argument)) return Number(argument);
  return /^[+-]\d{1,4}$/.test(argument) ? before + Number(argument) : undefined;
}

function restart(worker: Argument, operations: Operations): ControlResponse {
  if (typeof worker === 'number' && operations.restart(worker)) return { ok: true, result: { worker } };
  const message = `no worker ${worker ?? ''} is ready to be replaced; \`pkixd status\` shows the numbers`;
  return { ok: false, code: 'NO_SUCH_WORKER', message };
}

function order(
  name: Argument,
  body: Uint8Array | undefined,
  operations: Operations,
): ControlResponse | Promise<ControlResponse> {
  if (typeof name === 'string' && body !== undefined) return operations.order(name, body);
  return { ok: false, code: 'BAD_ARGUMENT', message: 'an order has a name and a body' };
}

function stop(argument: Argument, operations: Operations): ControlResponse {
  if (argument !== undefined && argument !== 'now') {
    return { ok: false, code: 'BAD_ARGUMENT', message: `a stop is a stop or a stop now, not "${argument}"` };
  }
  if (argument === 'now') operations.stopNow();
  else operations.stop();
  return { ok: true, result: null };
}
