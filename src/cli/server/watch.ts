import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, PkixdError } from '../../errors.js';
import { print, type Context } from '../context.js';

/** Home, and clear what is below. */
const CLEAR = '\u001B[H\u001B[2J';

/**
 * Prints what `show` makes, again and again, until nobody reads it any more or the signal ends it. On a terminal each
 * takes the place of the one before. What fails for the moment (a server that restarts) is printed in its place.
 *
 * @param period milliseconds between two of them
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
