// `npm test`, after set-up: types, lint, dead code, then the tests. Every step runs, whatever the one before it said; each of the first
// three counts as one test. The last line is `N passed, N failed`.
//
//   npm test [-- test/engine …]     with arguments: only the tests, those that vitest finds by them
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../src/setup/places.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/** Runs a program of `node_modules` with its output shown; true if it succeeded.
 * @param {string} script Path below `node_modules`.
 * @param {readonly string[]} args
 */
function succeeds(script, args) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, stdio: 'inherit' });
  return status === 0;
}

/** Runs one check and says how it went.
 * @param {string} title
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Count}
 */
function check(title, script, args) {
  const started = performance.now();
  const good = succeeds(script, args);
  console.log(`${good ? '✔' : '✖'} ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0 };
}

/** Runs the tests and counts them from vitest's JSON report; a run that fails without a failed test (an import that throws, an unhandled
 * rejection) counts as one failure.
 * @param {readonly string[]} filters
 * @returns {Count}
 */
function runTests(filters) {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const good = succeeds('vitest/vitest.mjs', ['run', '--config', 'test/vitest.config.ts', ...reporters, ...filters]);
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
    const failed = good || numFailedTests > 0 ? numFailedTests : 1;
    return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const filters = process.argv.slice(2);
const counts =
  filters.length > 0
    ? []
    : [
        check('types', 'typescript/bin/tsc', ['--noEmit']),
        check('lint and format', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']),
        check('dead code', 'knip/bin/knip.js', ['--no-progress']),
      ];
counts.push(runTests(filters));
/** @param {keyof Count} key */
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
const skipped = sum('skipped');
process.exitCode = sum('failed') > 0 ? 1 : 0;
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
