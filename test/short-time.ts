/**
 * Runs a test of what happens when a time is over. That is a short one, so that the test is, and on a slow machine those
 * may exceed it too who should not: what fails with it is tried again with twenty times as much, and that counts.
 */
export async function withShortTime(
  milliseconds: number,
  body: (milliseconds: number) => Promise<void>,
): Promise<void> {
  try {
    await body(milliseconds);
  } catch {
    await body(20 * milliseconds);
  }
}
