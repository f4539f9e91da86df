import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Runs the whole quickstart in an empty store and reproduces it from its hash: in another folder, time zone and locale, and with one job
 * at a time. Prints the verdict of every artifact; exits with the reproduction's code.
 *
 *   npm run soak -- reproduce
 */
const cli = resolve('dist/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'stillroom-soak-'));
const store = join(folder, 'store');

function stillroom(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): { code: number; json: Record<string, unknown> } {
  const started = performance.now();
  const { status, stdout } = spawnSync(process.execPath, [cli, ...args, '--json', '--store', store], {
    cwd,
    env: { ...process.env, CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  process.stdout.write(`stillroom ${args[0]}: exit ${status} after ${Math.round((performance.now() - started) / 1000)} s\n`);
  return { code: status ?? 1, json: JSON.parse(stdout) as Record<string, unknown> };
}

try {
  const run = stillroom(['run', 'pipelines/quickstart.yaml'], process.cwd());
  const hash = String(run.json['hash']);
  process.stdout.write(`hash ${hash}\n`);
  const { code, json } = stillroom(['reproduce', hash, '--jobs', '1'], folder, { TZ: 'Asia/Tokyo', LC_ALL: 'C', LANG: 'tr_TR.UTF-8' });
  for (const { node, port, verdict } of json['artifacts'] as readonly { node: string; port: string; verdict: string }[]) {
    process.stdout.write(`${verdict.padEnd(10)}  ${node}.${port}\n`);
  }
  process.stdout.write(`verdict: ${String(json['verdict'])}\n`);
  process.exitCode = code;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
