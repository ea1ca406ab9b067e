/** `HASH.r0` and so on are the names that `openssl rehash` and fetch-crl give to CRLs. */
const CRL_FILE = /\.(?:crl|der|pem)$|^[\da-f]{8}\.r\d+$/i;

/** Whether a file of a folder is read as one of CRLs. */
export function isCrlFileName(name: string): boolean {
  return CRL_FILE.test(name);
}

/** The warning about a folder of CRLs without a file of such a name. */
export function nothingRead(folder: string): string {
  return `crl.directory: "${folder}" holds no file that is read (.crl, .der, .pem or HASH.r0), so no CRL is found in it`;
}
