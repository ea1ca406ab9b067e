/** No fetch fails because something here is slow; a test that is about a time sets all three. */
export const PATIENT_FETCHES = {
  'crl.connectTimeout': '60s',
  'crl.stallTimeout': '60s',
  'crl.fetchTimeout': '60s',
} as const;
