/**
 * The default directories of the server's files: `run`, `logs` and `data` beside its configuration file, or in the
 * working directory without one. With a configuration file under /etc they are those of the Filesystem Hierarchy
 * Standard, which systemd makes for the unit.
 */
const SYSTEM: Readonly<Record<string, string>> = {
  'run.directory': '/run/pkixd',
  'log.directory': '/var/log/pkixd',
  'data.directory': '/var/lib/pkixd',
};

/** @param home the directory of the configuration file. @returns undefined if the option's own default applies */
export function defaultDirectory(key: string, home: string): string | undefined {
  return isOfSystem(home) ? SYSTEM[key] : undefined;
}

/** A default address, in which `run/` stands for `run.directory`. */
export function defaultAddress(address: string, home: string): string {
  const run = defaultDirectory('run.directory', home);
  return run === undefined ? address : address.replace(/^unix:run\//, `unix:${run}/`);
}

function isOfSystem(home: string): boolean {
  return home === '/etc' || home.startsWith('/etc/');
}
