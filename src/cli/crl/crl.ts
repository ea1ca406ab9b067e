import type { Command } from '../command.js';
import { UsageError } from '../exit-code.js';

/** The commands of the CRL store. */
export const crl: Command = {
  flags: {},
  commands: [
    {
      name: 'list',
      summary: 'List the CRLs of the store, by issuer; needs no server',
      load: async () => (await import('./list.js')).crlList,
    },
    {
      name: 'show <crl>',
      summary: 'Show CRLs of the store, or whether they list a serial number; needs no server',
      load: async () => (await import('./show.js')).crlShow,
    },
    {
      name: 'fetch [what..]',
      summary:
        'Fetch CRLs now: known URLs, those that certificates point to, or all; by the server if one runs',
      load: async () => (await import('./fetch.js')).crlFetch,
    },
    {
      name: 'import <files..>',
      summary: 'Store CRLs from files and folders; a bad file does not stop the others',
      load: async () => (await import('./import.js')).crlImport,
    },
    {
      name: 'remove <crl>',
      summary: 'Remove a CRL from the store; an older one is still refused afterwards',
      load: async () => (await import('./remove.js')).crlRemove,
    },
    {
      name: 'check',
      summary: 'Check every CRL of the store: exit 0 all fresh and complete, 1 some not fresh, 2 damaged',
      load: async () => (await import('./check.js')).crlCheck,
    },
  ],
  examples: [
    ['$0 crl list', 'what the store holds'],
    ['$0 crl fetch --all', 'ask all sources now'],
    ['$0 crl import *.crl --issuer ca.pem', 'CRLs from files'],
    ['$0 crl check', 'for a monitor: is all of it fresh and whole?'],
  ],
  run: () => Promise.reject(new UsageError('name what to do; "pkixd crl --help" shows it')),
};
