import { readdirSync } from 'node:fs';
import { clientProfiles } from '../../config/client-profiles.js';
import type { Config } from '../../config/config.js';
import { ConfigError } from '../../config/problems.js';
import { isCrlFileName, nothingRead } from '../../crl/crl-file-name.js';
import { AddressPolicy } from '../../crl/fetch/address-policy.js';
import { ConfiguredSources, CrlSourcesError } from '../../crl/fetch/configured-sources.js';
import { secureContextWith } from '../../crl/fetch/fetcher-options.js';
import { STORE_FILE } from '../../crl/store/environment-files.js';
import { messageOf } from '../../errors.js';
import { readTlsMaterials } from '../../supervisor/listen/tls-materials.js';
import { addressProblems, hostProblems } from '../../supervisor/preflight.js';
import { readAnchors } from '../../thread/anchors.js';

/**
 * Checks that everything that the configuration names exists and is usable: files, accounts, directories. Without these
 * no worker would get ready. A missing folder of CRLs is a warning, since it may be made later. Throws a ConfigError
 * with all problems.
 */
export function checkFiles(config: Config, warn: (message: string) => void): void {
  refuse(fileProblems(config, warn));
}

/** The same for a server that does not listen yet, including its addresses. */
export async function checkAll(
  config: Config,
  warn: (message: string) => void,
  inUse: (address: string) => void,
): Promise<void> {
  refuse([...fileProblems(config, warn), ...(await addressProblems(config, inUse))]);
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}

function fileProblems(config: Config, warn: (message: string) => void): readonly string[] {
  const problems = [...hostProblems(config, STORE_FILE)];
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
    if (config['crl.caFile'] !== null) secureContextWith(config['crl.caFile']);
  } catch (error) {
    problems.push(messageOf(error));
  }
  try {
    ConfiguredSources.read(config, AddressPolicy.of(config));
  } catch (error) {
    problems.push(...(error instanceof CrlSourcesError ? error.problems : [messageOf(error)]));
  }
  warnOfFolder(config['crl.directory'], warn);
  return problems;
}

function warnOfFolder(folder: string | null, warn: (message: string) => void): void {
  if (folder === null) return;
  try {
    if (!readdirSync(folder).some(isCrlFileName)) warn(nothingRead(folder));
  } catch (error) {
    warn(`crl.directory: "${folder}" cannot be read, and no CRL will be found: ${messageOf(error)}`);
  }
}
