import { spawnSync } from 'node:child_process';

export interface CommandFigures {
  readonly command: string;
  readonly seconds: number;
  /** MB, resident at most. */
  readonly peak: number;
}

/** `openssl crl`: reads the CRL and prints its number. */
export function opensslCrl(path: string): CommandFigures {
  return timed('openssl crl', ['crl', '-inform', 'DER', '-in', path, '-noout', '-crlnumber']);
}

/** `openssl verify -crl_check` of one certificate. */
export function opensslVerify(files: {
  readonly root: string;
  readonly leaf: string;
  readonly crlPem: string;
}): CommandFigures {
  const { root, leaf, crlPem } = files;
  const args = ['verify', '-crl_check', '-CAfile', root, '-CRLfile', crlPem, leaf];
  return timed('openssl verify -crl_check', args);
}

/** The shell's child is measured by the kernel: VmHWM of the process as it ends. */
function timed(command: string, args: readonly string[]): CommandFigures {
  const script =
    'import resource, subprocess, sys, time\n' +
    'start = time.monotonic()\n' +
    'code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n' +
    'print(code, time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n';
  const run = spawnSync('python3', ['-c', script, 'openssl', ...args], { encoding: 'utf8' });
  const [code, seconds, kilobytes] = run.stdout.trim().split(' ').map(Number);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${run.stderr}`);
  return { command, seconds: seconds ?? NaN, peak: (kilobytes ?? NaN) / 1024 };
}
