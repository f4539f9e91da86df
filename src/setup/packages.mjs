import { existsSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { findProgram, lastLines, runProgram } from './command.mjs';
import { readJson } from './places.mjs';
import { SetupProblem } from './problem.mjs';

/** Environment for npm: the ONNX runtime would download CUDA libraries in its install script, should scripts be switched on. */
const environment = { ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' };

/** True if `node_modules` holds what `package-lock.json` names. npm's own hidden lockfile is written last, so an interrupted install differs.
 * @param {string} root
 * @returns {boolean}
 */
export function packagesReady(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !installed) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (!found) {
      if (entry.optional || entry.devOptional) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
  }
  const { dependencies, optionalDependencies, devDependencies } = wanted[''] ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies }).every((name) =>
    existsSync(join(root, 'node_modules', name, 'package.json')),
  );
}

/** npm's command: the npm that runs this script, else the one on the PATH.
 * @returns {string[]}
 */
function npmCommand() {
  const script = process.env['npm_execpath'];
  if (script && /npm-cli\.c?js$/.test(script) && existsSync(script)) return [process.execPath, script];
  const npm = findProgram(['npm']);
  if (npm !== undefined) return [npm];
  throw new SetupProblem('npm is missing.', [
    'On Debian or Ubuntu:  sudo apt-get install npm',
    'Elsewhere: npm comes with Node.js, from nodejs.org.',
  ]);
}

const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** Installs a checkout's npm packages exactly as locked, without running their install scripts.
 * @param {string} root
 * @param {import('./command.mjs').Work} work
 * @returns {Promise<string>} What was done.
 */
export async function installPackages(root, work) {
  work.show('npm ci');
  const { code, output } = await runProgram([...npmCommand(), 'ci', '--include=dev', '--include=optional', ...quiet], work, {
    cwd: root,
    env: environment,
  });
  if (code !== 0) throw new SetupProblem('npm ci could not install the packages:', lastLines(output));
  const count = Object.keys(readJson(join(root, 'node_modules', '.package-lock.json'))?.packages ?? {}).length;
  return `${count} packages installed`;
}

/** Brings optional packages back that npm left out of an installation because their install scripts failed: they need none.
 * @param {string} root The installed package's folder, in some `node_modules`.
 * @param {import('./command.mjs').Work} work
 */
export async function installOptionalPackages(root, work) {
  const installation = realpathSync(root);
  const project = installation.slice(0, Math.max(0, installation.lastIndexOf(`${sep}node_modules${sep}`)));
  if (!existsSync(join(project, 'package.json'))) {
    throw new SetupProblem('Packages that the training engine needs were left out when Stillroom was installed.', [
      "Install Stillroom again with npm's option --ignore-scripts, then run this command again.",
    ]);
  }
  work.show('npm install');
  const { code, output } = await runProgram([...npmCommand(), 'install', '--include=optional', ...quiet], work, {
    cwd: project,
    env: environment,
  });
  if (code !== 0) throw new SetupProblem('npm could not install the packages that the training engine needs:', lastLines(output));
}
