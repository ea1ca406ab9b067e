import { join, sep } from 'node:path';

/**
 * For pm2. In a clone: `npx pm2 start ecosystem.config.js`, after `npm run build`; the server keeps its files in the
 * clone. Where the package is installed: `pm2 start "$(npm root --global)/pkixd/ecosystem.config.js"` in the directory
 * of pkixd.config.yaml; the server keeps its files there. One process in fork mode: pkixd forks and
 * supervises its workers itself, so scale and watch it with `pkixd scale` and `pkixd status`.
 */
const here = import.meta.dirname;
/** Sockets, store and log do not belong into an installed package: an upgrade would delete them. */
const isInstalled = here.split(sep).includes('node_modules');

export const apps = [
  {
    name: 'pkixd',
    script: join(here, 'dist/cli/main.js'),
    args: 'start',
    // Where the configuration is looked for, and where run, logs and data are made.
    cwd: isInstalled ? process.cwd() : here,
    exec_mode: 'fork',
    instances: 1,
    // "online" means that the listeners are open and the workers ready, at the latest by workers.bootTimeout.
    wait_ready: true,
    listen_timeout: 40_000,
    // SIGINT drains; the signal must reach the primary alone, and have longer than drain.timeout.
    treekill: false,
    kill_timeout: 15_000,
    // Neither a wrong configuration (EX_CONFIG) nor a second copy (EX_UNAVAILABLE) gets better by starting again.
    stop_exit_codes: [78, 69],
    // pkixd writes its own log; what pm2 keeps is what stands on stderr: why a start failed.
    out_file: '/dev/null',
  },
];
