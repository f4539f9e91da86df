// Runs a TypeScript script of a folder by its name, with what follows as its arguments:
//
//   node src/setup/script.mjs test/bench distillation --seeds 1
//
// Node.js 20 runs no TypeScript, so the script is bundled by esbuild into a temporary folder below `dist`; packages stay outside.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './places.mjs';

const [folder = '', name, ...args] = process.argv.slice(2);
const script = join(root, folder, `${name}.ts`);

/** CommonJS inside the bundle reaches packages by `require`, which a module does not have by itself. */
const requireBanner = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Bundles the script to a file and runs it; its exit code becomes ours. */
async function run() {
  const output = mkdtempSync(join(root, 'dist', '.script-'));
  const bundle = join(output, `${name}.mjs`);
  const remove = () => rmSync(output, { recursive: true, force: true });
  process.once('exit', remove);
  await build({
    entryPoints: [script],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
    tsconfig: join(root, 'tsconfig.json'),
    banner: { js: requireBanner },
  });
  const child = spawn(process.execPath, ['--enable-source-maps', bundle, ...args], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 1 : (code ?? 1);
  });
}

if (name && existsSync(script)) await run();
else {
  const files = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
  const names = files.filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -'.ts'.length));
  console.error(name ? `There is no ${folder}/${name}.ts.` : `Name what to run: npm run ${folder.split('/').at(-1)} -- NAME`);
  console.error(names.length > 0 ? `There are: ${names.join(', ')}.` : `${folder} holds no scripts.`);
  process.exitCode = 2;
}
