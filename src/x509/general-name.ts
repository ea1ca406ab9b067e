import type { Name } from './name.js';

/** RFC 5280 §4.2.1.6. `der` is the whole TLV, with its context tag. */
export type GeneralName =
  | { readonly kind: 'dns' | 'rfc822' | 'uri'; readonly value: string }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  | { readonly kind: 'dn'; readonly name: Name }
  | { readonly kind: 'other' | 'x400' | 'edi' | 'rid'; readonly der: Uint8Array };
