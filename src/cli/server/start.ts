import { formatAddress } from '../../config/address.js';
import type { Config } from '../../config/config.js';
import { configFileOf, descriptorLimit } from '../../config/load.js';
import { PROTOCOLS } from '../../protocol/index.js';
import { startSupervisor } from '../../supervisor/main.js';
import type { Command } from '../command.js';
import { checkAll, checkFiles } from './check-files.js';
import { note, print } from '../context.js';
import { CONFIG_FLAG, configForStart, configSources, optionFlags } from '../flags.js';
import { findLauncher, releaseOf } from './release.js';

/** Runs the server in the foreground until a signal or `pkixd stop` ends it. */
export const start: Command = {
  flags: {
    ...CONFIG_FLAG,
    check: { type: 'boolean', describe: 'Check the configuration, print its listeners, and do not start' },
    listen: {
      type: 'array',
      string: true,
      requiresArg: true,
      describe: 'unix:/path or tcp://host:port, in place of the configured listeners (repeatable)',
    },
    ...optionFlags(),
  },
  examples: [
    ['$0 start', 'with pkixd.config.yaml of this folder, or with defaults'],
    ['$0 start --config /etc/pkixd.yaml --check', 'only check a configuration'],
    ['$0 start --listen unix:/run/pkixd.sock --workers.count 4', 'flags go over the file'],
  ],
  async run(context, args) {
    const toStandardError = (message: string): void => note(context, `warning: ${message}`);
    const readConfig = (warn: (message: string) => void): Config =>
      configForStart(context, args, descriptorLimit(), warn);
    // Sockets that the service manager passes are bound already.
    const checkFirst = async (inUse: (address: string) => void): Promise<Config> => {
      const config = readConfig(toStandardError);
      if (context.env['LISTEN_FDS'] === undefined) await checkAll(config, toStandardError, inUse);
      else checkFiles(config, toStandardError);
      return config;
    };
    if (args['check'] === true) {
      const config = await checkFirst((address) => {
        toStandardError(`${address} is in use: by the server itself if it runs, else a start fails`);
      });
      const file = configFileOf(configSources(context, args)) ?? 'no file, defaults alone';
      print(context, `configuration OK (${file})`);
      for (const { name, address, protocol, permits } of config.listeners) {
        const rights =
          protocol === 'crl-proxy' ? 'serves CRLs alone' : `permits ${permits.join(', ') || 'nothing more'}`;
        print(context, `  listener ${name}: ${formatAddress(address)}, ${protocol}, ${rights}`);
      }
      return 0;
    }
    // An address in use is found when it is bound.
    let first: Config | undefined = await checkFirst(() => undefined);
    let launcher: string | undefined;
    await startSupervisor({
      read: (warn = toStandardError) => {
        const config = first ?? readConfig(warn);
        if (first === undefined) checkFiles(config, warn);
        first = undefined;
        // pm2 runs its own program, which imports this one.
        launcher ??= findLauncher([process.argv[1], context.env['pm_exec_path']]);
        return { config, ...releaseOf(launcher) };
      },
      busy: (protocol, retryAfter) => PROTOCOLS[protocol]?.busy(retryAfter) ?? Buffer.alloc(0),
      probeOf: (protocol) => PROTOCOLS[protocol]?.probe,
    });
    return 0;
  },
};
