/**
 * Where the server keeps its files unless an option says: in `run`, `logs` and `data` beside its configuration file, or
 * of the working directory without one. A file under /etc is the system's: its server keeps them where the Filesystem
 * Hierarchy Standard has them, in the directories that systemd makes for the unit.
 */
const SYSTEM: Readonly<Record<string, string>> = {
  'run.directory': '/run/pkixd',
  'log.directory': '/var/log/pkixd',
  'data.directory': '/var/lib/pkixd',
};

/** @param home the directory of the configuration file. @returns undefined where the option's own default holds. */
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
