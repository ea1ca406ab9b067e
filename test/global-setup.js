import { execFileSync } from 'node:child_process';

/**
 * Builds dist once per run: forked processes and threads run from it, never from src. PKIXD_TEST_BUILT says that
 * it is up to date already.
 */
export default function build() {
  if (process.env['PKIXD_TEST_BUILT'] !== undefined) return;
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
}
