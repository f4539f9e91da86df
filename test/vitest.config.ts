import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Loads `import binding from '….node'` as the stage bundler does: by `require`, from the importing file's place. */
const nativeAddons: Plugin = {
  name: 'native-addons',
  enforce: 'pre',
  resolveId: (source, importer) => (source.endsWith('.node') ? `\0native:${JSON.stringify([source, importer])}` : undefined),
  load(id) {
    if (!id.startsWith('\0native:')) return undefined;
    const [source, importer] = JSON.parse(id.slice('\0native:'.length)) as [string, string];
    const require = `createRequire(${JSON.stringify(importer)})`;
    return `import { createRequire } from 'node:module';\nexport default ${require}(${JSON.stringify(source)});\n`;
  },
};

export default defineConfig({
  root,
  plugins: [nativeAddons],
  resolve: {
    alias: [
      { find: /^stillroom$/, replacement: `${root}src/index.ts` },
      { find: /^stillroom\/training$/, replacement: `${root}src/training.ts` },
      { find: /^stillroom\/nn$/, replacement: `${root}src/nn/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/compile.ts'],
    pool: 'forks',
    maxWorkers: Math.min(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
  },
});
