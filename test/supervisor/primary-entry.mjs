/** A primary for tests: the configuration is a JSON file of what differs from the defaults. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OPTIONS } from '../../dist/config/option-table.js';
import { startSupervisor } from '../../dist/supervisor/main.js';

const defaults = Object.fromEntries(Object.entries(OPTIONS).map(([key, option]) => [key, option.default]));
const config = { ...defaults, profiles: {}, ...JSON.parse(readFileSync(process.argv[2], 'utf8')) };

try {
  await startSupervisor({
    config,
    workerEntry: fileURLToPath(new URL('worker-entry.mjs', import.meta.url)),
    busy: (protocol, retryAfter) => Buffer.from(`BUSY ${protocol} ${retryAfter}\n`),
  });
} catch (error) {
  console.error(`${error.code}: ${error.message}`);
  process.exit(78);
}
