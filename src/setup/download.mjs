import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { findProgram, lastLines, runProgram } from './command.mjs';
import { SetupProblem } from './problem.mjs';
import { megabytes } from './progress.mjs';

/** How pip can be called here, or undefined. A Python without the module pip is passed over.
 * @param {import('./command.mjs').Work} work
 * @returns {Promise<readonly string[] | undefined>}
 */
async function findPip(work) {
  for (const name of ['python3', 'python']) {
    const python = findProgram([name]);
    if (python && (await runProgram([python, '-m', 'pip', '--version'], work)).code === 0) return [python, '-m', 'pip'];
  }
  const pip = findProgram(['pip3', 'pip']);
  return pip === undefined ? undefined : [pip];
}

/** The remedy where pip is missing. */
const pipRemedy = [
  'What is missing is a library inside a Python package; pip downloads it, Python is not used afterwards.',
  'On Debian or Ubuntu:  sudo apt-get install python3-pip',
  'Elsewhere: install Python 3 with pip (python3 -m ensurepip), and have python3 on the PATH.',
  'Then run this command again.',
];

/** What makes pip fetch exactly this wheel, whatever Python it runs in.
 * @param {import('./wheels.mjs').Wheel} wheel
 * @returns {string[]}
 */
function pipTags({ file }) {
  const [python = '', abi = '', platforms = ''] = file.slice(0, -'.whl'.length).split('-').slice(-3);
  const version = python.slice(2);
  const platform = platforms.split('.').flatMap((tag) => ['--platform', tag]);
  return ['--implementation', 'cp', '--python-version', version === '3' ? '312' : version, '--abi', abi, ...platform];
}

/** Total size of the files below a folder, as far as they can be seen now: pip works in temporary files.
 * @param {string} folder
 */
function bytesBelow(folder) {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return entries.reduce((sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0), 0);
  } catch {
    return 0;
  }
}

/** SHA-256 of a file.
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function fileDigest(path, signal) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest('hex');
}

/** Brings a wheel into the folder `downloads`, through the user's own pip configuration, and checks its digest; one that is there already
 * and whole is not downloaded again.
 * @param {import('./wheels.mjs').Wheel} wheel
 * @param {string} downloads
 * @param {import('./command.mjs').Work} work
 * @returns {Promise<string>} The wheel's path.
 */
export async function downloadWheel(wheel, downloads, work) {
  const path = join(downloads, wheel.file);
  if (existsSync(path)) {
    work.show(`checking ${wheel.name} ${wheel.version}`);
    if ((await fileDigest(path, work.signal)) === wheel.sha256) return path;
    await rm(path, { force: true });
  }
  const pip = await findPip(work);
  if (!pip) throw new SetupProblem('Python with pip is missing.', pipRemedy);
  const folder = join(downloads, `part-${process.pid}`);
  await mkdir(join(folder, 'tmp'), { recursive: true });
  const size = megabytes(wheel.bytes);
  const timer = setInterval(() => {
    work.show(`downloading ${wheel.name} ${wheel.version}: ${megabytes(Math.min(bytesBelow(folder), wheel.bytes))} of ${size}`);
  }, 250);
  try {
    work.show(`downloading ${wheel.name} ${wheel.version}: ${size}`);
    const command = [
      ...pip,
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--no-cache-dir',
      '--progress-bar=off',
      '--disable-pip-version-check',
    ];
    const requirement = `${wheel.name}==${wheel.version}`;
    const { code, output } = await runProgram([...command, ...pipTags(wheel), '--dest', folder, requirement], work, {
      env: { TMPDIR: join(folder, 'tmp'), PIP_RESUME_RETRIES: '20', PIP_REQUIRE_VIRTUALENV: '0', PIP_NO_INPUT: '1' },
    });
    const fetched = join(folder, wheel.file);
    if (code !== 0 || !existsSync(fetched)) {
      throw new SetupProblem(`pip could not download ${requirement}:`, [
        ...lastLines(output),
        'Check the network, the proxy and the package index of pip (pip config list), then run this command again: it goes on where it stopped.',
      ]);
    }
    await checkDigest(wheel, fetched, work);
    await rename(fetched, path);
    return path;
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {import('./wheels.mjs').Wheel} wheel
 * @param {string} path
 * @param {import('./command.mjs').Work} work
 */
async function checkDigest(wheel, path, work) {
  work.show(`checking ${wheel.name} ${wheel.version}`);
  const found = await fileDigest(path, work.signal);
  if (found === wheel.sha256) return;
  throw new SetupProblem(`The wheel ${wheel.file} is not the one that Stillroom knows; it was thrown away.`, [
    `  expected SHA-256 ${wheel.sha256}`,
    `  got      SHA-256 ${found}`,
    'The package index or a proxy served other bytes: check pip config list, then run this command again.',
  ]);
}
