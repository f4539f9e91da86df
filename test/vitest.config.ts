import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^stillroom$/, replacement: `${root}src/index.ts` },
      { find: /^stillroom\/training$/, replacement: `${root}src/training.ts` },
      { find: /^stillroom\/project$/, replacement: `${root}src/project/project.ts` },
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
    // What only CommonJS can do, `require` an addon, is left to Node.
    server: { deps: { external: [/\.cjs$/] } },
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
  },
});
