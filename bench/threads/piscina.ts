/** What a thread of piscina runs: nothing, with a small object as its result. */
export default function nothing(): { readonly status: string; readonly code: string } {
  return { status: 'valid', code: 'OK' };
}
