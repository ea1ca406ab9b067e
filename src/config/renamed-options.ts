/** Names that options had before the first release, and their present names. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['crl.parallel', 'crl.maxParallel'],
  ['crl.parallelPerHost', 'crl.maxParallelPerHost'],
  ['crl.redisWait', 'crl.redisMaxWait'],
  ['crl.retryMax', 'crl.maxRetry'],
  ['crl.storeMax', 'crl.maxStoreSize'],
  ['crl.wait', 'crl.maxWait'],
]);

/** The present name of the option; undefined if no option had this name. */
export function renamedTo(key: string): string | undefined {
  return RENAMED.get(key);
}

export function oldNames(): Iterable<string> {
  return RENAMED.keys();
}
