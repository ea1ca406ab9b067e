import type { Command } from './command.js';
import { crlCheck } from './crl-check.js';
import { crlFetch } from './crl-fetch.js';
import { crlImport } from './crl-import.js';
import { crlList } from './crl-list.js';
import { crlRemove } from './crl-remove.js';
import { crlShow } from './crl-show.js';
import { UsageError } from './exit-code.js';

/** Everything about the CRL store, by commands of its own. */
export const crl: Command = {
  name: 'crl',
  summary: 'Look into the CRL store of this host, fill it and check it',
  flags: {},
  commands: [crlList, crlShow, crlFetch, crlImport, crlRemove, crlCheck],
  examples: [
    ['$0 crl list', 'what the store holds'],
    ['$0 crl fetch --all', 'ask all sources now'],
    ['$0 crl import *.crl --issuer ca.pem', 'CRLs from files'],
    ['$0 crl check', 'for a monitor: is all of it fresh and whole?'],
  ],
  run: () => Promise.reject(new UsageError('name what to do; "pkixd crl --help" shows it')),
};
