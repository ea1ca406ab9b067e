/** Milliseconds: far beyond what any wait needs, also on a machine that has other work. */
const PATIENCE = 60_000;

/** Asks again and again until the answer will do, and gives that; throws what it saw last when it never does. */
export async function until<T>(
  ask: () => Promise<T> | T,
  done: (answer: T) => boolean = Boolean,
  patience = PATIENCE,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (done(answer)) return answer;
    if (performance.now() > deadline)
      throw new Error(`${String(ask)}: still ${JSON.stringify(answer)} after ${patience} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
