/** A primary for tests: the configuration is a JSON file of what differs from the defaults. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OPTIONS } from '../../dist/config/option-table.js';
import { PkixdError } from '../../dist/errors.js';
import { startSupervisor } from '../../dist/supervisor/main.js';

const defaults = Object.fromEntries(Object.entries(OPTIONS).map(([key, option]) => [key, option.default]));
const workerEntry = fileURLToPath(new URL('worker-entry.mjs', import.meta.url));
const read = () => {
  const config = { ...defaults, profiles: {}, ...JSON.parse(readFileSync(process.argv[2], 'utf8')) };
  if (config.wrong) throw new PkixdError('CONFIG', config.wrong);
  return { config, workerEntry };
};

try {
  await startSupervisor({
    read,
    busy: (protocol, retryAfter) => Buffer.from(`BUSY ${protocol} ${retryAfter}\n`),
    probeOf: () => ({ question: Buffer.from('who\n'), isAnswer: (received) => received.includes('worker') }),
  });
} catch (error) {
  console.error(`${error.code}: ${error.message}`);
  process.exit(78);
}
