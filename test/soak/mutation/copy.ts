import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What mutating needs beside our packages; not among them, since it is needed seldom and brings many with it. */
const PACKAGES = ['@stryker-mutator/core@9.5.1', '@stryker-mutator/vitest-runner@9.5.1'];

/**
 * Copies the checkout as it stands, changes that are not committed included, to a new folder, and adds the packages there. They are copied
 * byte for byte and never linked, so what is installed there changes none of ours.
 */
export function copyOfCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'stillroom-mutation-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
  const files = listed.split('\0').filter((file) => file !== '' && existsSync(file));
  execFileSync('cp', ['-a', '--parents', '--', ...files, copy]);
  execFileSync('cp', ['-a', '--', 'node_modules', copy]);
  execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...PACKAGES], {
    cwd: copy,
    stdio: 'inherit',
  });
  return copy;
}
