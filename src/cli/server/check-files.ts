import { readdirSync } from 'node:fs';
import { clientProfiles } from '../../config/client-profiles.js';
import type { Config } from '../../config/config.js';
import { ConfigError } from '../../config/problems.js';
import { isCrlFileName, nothingRead } from '../../crl/crl-file-name.js';
import { AddressPolicy } from '../../crl/fetch/address-policy.js';
import { ConfiguredSources, CrlSourcesError } from '../../crl/fetch/configured-sources.js';
import { messageOf } from '../../errors.js';
import { readTlsMaterials } from '../../supervisor/listen/tls-materials.js';
import { readAnchors } from '../../thread/anchors.js';

/**
 * What the configuration names and the processes are to read. Without its trust anchors no thread gets ready, so
 * that is a ConfigError now and not a server that starts for ever; a folder of CRLs may still come, and is a warning.
 */
export function checkFiles(config: Config, warn: (message: string) => void): void {
  const problems: string[] = [];
  const seen = new Set<string>();
  const check = (key: string, anchors: readonly string[]): void => {
    for (const anchor of anchors) {
      if (seen.has(anchor)) continue;
      seen.add(anchor);
      try {
        readAnchors(anchor, { broken: config['trust.brokenAnchors'], report: warn });
      } catch (error) {
        problems.push(`${key}: ${messageOf(error)}`);
      }
    }
  };
  check('trust.anchors', config['trust.anchors']);
  for (const [name, { anchors }] of Object.entries(clientProfiles(config)))
    check(`listeners ${name}: clientCa`, anchors);
  for (const [name, { anchors }] of Object.entries(config.profiles)) {
    check(`profiles.${name}.anchors`, anchors);
  }
  try {
    readTlsMaterials(config.listeners);
  } catch (error) {
    problems.push(`listeners: ${messageOf(error)}`);
  }
  try {
    ConfiguredSources.read(config, AddressPolicy.of(config));
  } catch (error) {
    problems.push(...(error instanceof CrlSourcesError ? error.problems : [messageOf(error)]));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const folder = config['crl.directory'];
  if (folder === null) return;
  try {
    if (!readdirSync(folder).some(isCrlFileName)) warn(nothingRead(folder));
  } catch (error) {
    warn(`crl.directory: "${folder}" cannot be read, and no CRL will be found: ${messageOf(error)}`);
  }
}
