import type { Config } from '../../config/config.js';
import { joinSources } from '../../crl/joined-source.js';
import { createVerifyTask } from '../../thread/verify-task.js';
import { decodeTrusted, encode } from '../../wire/codec.js';
import type { VerifyResponse } from '../../wire/request.js';
import { note, printable, type Context } from '../context.js';
import { openLocalStore } from './local-store.js';
import { NamedCrls } from './named-crls.js';
import type { Verifier } from './verifier.js';

/** This process verifies by itself, with the configuration's anchors, profiles and CRLs, and those of the host's store. */
export async function localVerifier(config: Config, context: Context): Promise<Verifier> {
  const named = new NamedCrls();
  const store = await openLocalStore(config, context);
  const report = (message: string): void => note(context, `warning: ${printable(message)}`);
  const verify = createVerifyTask(config, report, joinSources([named, store]));
  return {
    ask: async (request) => {
      const body = encode({ ...request, crls: named.offer(request.crls) });
      const response = decodeTrusted<VerifyResponse>(verify(body));
      return 'verdict' in response ? response : { error: response.refused };
    },
    close: () => store?.close(),
  };
}
