/** Grants leases in the store, across processes: `IngestHandle`. */
export interface LeaseKeeper {
  /** Is the lease ours now? It ends by itself after `duration` ms. */
  acquireLease(name: string, duration: number): Promise<boolean>;
  releaseLease(name: string): Promise<void>;
}

/** A lease lasts so many ms and is taken again and again: one whose holder died is free soon. */
export const LEASE = 6000;
const RENEW_LEASE = 2000;

/** Keeps a lease that is ours while the work lasts, and then gives it back. */
export async function whileLeased<T>(
  keeper: LeaseKeeper,
  lease: string,
  trouble: (thrown: unknown) => void,
  work: () => Promise<T>,
): Promise<T> {
  const renewal = setInterval(() => {
    keeper.acquireLease(lease, LEASE).catch(trouble);
  }, RENEW_LEASE);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await keeper.releaseLease(lease).catch(trouble);
  }
}
