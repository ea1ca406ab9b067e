import { createRequire } from 'node:module';

type List = typeof import('tldts');

/** Only what ICANN delegates: what lies under a company's own suffix is the company's matter (BR §3.2.2.6). */
const ICANN_ONLY = { allowIcannDomains: true, allowPrivateDomains: false, extractHostname: false } as const;

const require = createRequire(import.meta.url);
/** Read for the first name that is asked for: it is large, and only wildcards under a profile with that rule need it. */
let list: List | undefined;

/** Is this whole host name, in lower case, a public suffix of the ICANN part of the list? */
export function isPublicSuffix(host: string): boolean {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the package says of itself
  list ??= require('tldts') as List;
  return list.getPublicSuffix(host, ICANN_ONLY) === host;
}
