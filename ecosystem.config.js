/**
 * For pm2: `npx pm2 start ecosystem.config.js`, after `npm run build`. One process in fork mode: pkixd forks and
 * supervises its workers itself, so scale and watch it with `pkixd scale` and `pkixd status`.
 */
export const apps = [
  {
    name: 'pkixd',
    script: 'dist/cli/main.js',
    args: 'start',
    cwd: import.meta.dirname,
    exec_mode: 'fork',
    instances: 1,
    // "online" means that the listeners are open and the workers ready, at the latest by workers.bootTimeout.
    wait_ready: true,
    listen_timeout: 40_000,
    // SIGINT drains; the signal must reach the primary alone, and have longer than drain.timeout.
    treekill: false,
    kill_timeout: 15_000,
    // A wrong configuration (EX_CONFIG) does not get better by starting again.
    stop_exit_codes: [78],
    // pkixd writes its own log; what pm2 keeps is what stands on stderr: why a start failed.
    out_file: '/dev/null',
  },
];
