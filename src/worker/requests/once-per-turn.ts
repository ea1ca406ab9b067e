/**
 * The same answer for the rest of this turn of the event loop, asked for once: to look takes about a microsecond, and
 * one turn brings many requests.
 */
export function oncePerTurn<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    if (known === undefined) {
      known = { value: read() };
      setImmediate(() => {
        known = undefined;
      });
    }
    return known.value;
  };
}
