/** Names that options had before the first release, and the names of today. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['crl.parallel', 'crl.maxParallel'],
  ['crl.parallelPerHost', 'crl.maxParallelPerHost'],
  ['crl.redisWait', 'crl.redisMaxWait'],
  ['crl.retryMax', 'crl.maxRetry'],
  ['crl.storeMax', 'crl.maxStoreSize'],
  ['crl.wait', 'crl.maxWait'],
]);

/** What the option is called today; undefined for a name that no option had. */
export function renamedTo(key: string): string | undefined {
  return RENAMED.get(key);
}

export function oldNames(): Iterable<string> {
  return RENAMED.keys();
}
