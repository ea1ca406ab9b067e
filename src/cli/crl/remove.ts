import type { Command } from '../command.js';
import { print, printable } from '../context.js';
import { chooseCrls, issuerText, STORE_FLAGS, withStore, withWriter } from './access.js';
import { UsageError } from '../exit-code.js';
import { configFor } from '../flags.js';

export const crlRemove: Command = {
  positionals: {
    crl: { type: 'string', describe: "The start of a key, the source, or a part of the issuer's name" },
  },
  flags: {
    ...STORE_FLAGS,
    all: { type: 'boolean', describe: 'Remove all that match, if there are several' },
  },
  examples: [
    [
      '$0 crl remove 3f9a01c2',
      'takes effect in all workers at once; a server that needs the CRL fetches it again',
    ],
  ],
  async run(context, args) {
    const wanted = String(args['crl']);
    const crls = await withStore(context, args, ({ store }) => chooseCrls(store, wanted));
    if (crls.length > 1 && args['all'] !== true) {
      const keys = crls.map(({ key }) => key.slice(0, 12)).join(', ');
      throw new UsageError(
        `"${wanted}" fits ${crls.length} CRLs (${keys}): name one by its key, or all with --all`,
      );
    }
    await withWriter(context, configFor(context, args), async (ingest) => {
      for (const crl of crls) {
        const wasThere = await ingest.remove(crl.key);
        const what = wasThere ? 'removed' : 'was gone already';
        print(context, printable(`${crl.key.slice(0, 12)} ${issuerText(crl)}: ${what}`));
      }
    });
    return 0;
  },
};
