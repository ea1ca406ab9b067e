import { spawnSync } from 'node:child_process';

export interface CommandFigures {
  readonly command: string;
  readonly seconds: number;
  /** s, user and system. */
  readonly cpu: number;
  /** MB, resident at most. */
  readonly peak: number;
}

/** `openssl crl`: reads the CRL and prints its number. */
export function opensslCrl(path: string): CommandFigures {
  return timed('openssl crl', ['openssl', 'crl', '-inform', 'DER', '-in', path, '-noout', '-crlnumber']);
}

/** `openssl verify -crl_check` of one certificate. */
export function opensslVerify(files: {
  readonly root: string;
  readonly leaf: string;
  readonly crlPem: string;
}): CommandFigures {
  const { root, leaf, crlPem } = files;
  const args = ['openssl', 'verify', '-crl_check', '-CAfile', root, '-CRLfile', crlPem, leaf];
  return timed('openssl verify -crl_check', args);
}

/** PKI.js in a process of its own: parses the CRL, checks its signature and asks it for one certificate. */
export function pkijsCrl({
  crl,
  root,
  leaf,
}: {
  readonly crl: string;
  readonly root: string;
  readonly leaf: string;
}): CommandFigures {
  const script = new URL('../threads/pkijs-crl.js', import.meta.url).pathname;
  return timed('PKI.js', [process.execPath, '--max-old-space-size=16384', script, crl, root, leaf]);
}

/** The child is measured by the kernel: its CPU, and its VmHWM as it ends. */
function timed(command: string, args: readonly string[]): CommandFigures {
  const script =
    'import resource, subprocess, sys, time\n' +
    // What this process itself cost until it became another counts as its first child's.
    'subprocess.run(["true"])\n' +
    'before = resource.getrusage(resource.RUSAGE_CHILDREN)\n' +
    'start = time.monotonic()\n' +
    'code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n' +
    'used = resource.getrusage(resource.RUSAGE_CHILDREN)\n' +
    'cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime\n' +
    'print(code, time.monotonic() - start, cpu, used.ru_maxrss)\n';
  const run = spawnSync('python3', ['-c', script, ...args], { encoding: 'utf8' });
  const [code, seconds = NaN, cpu = NaN, kilobytes = NaN] = run.stdout.trim().split(' ').map(Number);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${run.stderr}`);
  return { command, seconds, cpu, peak: kilobytes / 1024 };
}
