import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, PkixdError } from '../../errors.js';
import { print, type Context } from '../context.js';

/** Moves the cursor to the top and clears the screen. */
const CLEAR = '\u001B[H\u001B[2J';

/**
 * Prints the result of `show` at intervals until the output is closed or the signal comes. On a terminal each replaces
 * the previous one. A temporary failure (a server that restarts) is printed instead.
 *
 * @param period milliseconds between two outputs
 */
export async function watch(
  context: Context,
  period: number,
  show: () => Promise<string>,
  signal?: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  context.out.once('error', end);
  signal?.addEventListener('abort', end);
  const onTerminal = 'isTTY' in context.out && context.out.isTTY === true;
  while (!ended.signal.aborted) {
    const text = await show().catch((error: unknown) => {
      if (error instanceof PkixdError) return messageOf(error);
      throw error;
    });
    print(context, onTerminal ? CLEAR + text : text);
    await delay(period, undefined, { signal: ended.signal }).catch(() => undefined);
  }
}
