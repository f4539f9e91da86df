#!/usr/bin/env node
'use strict';
// The command `stillroom` of an installed package: its command line at once. `stillroom.mjs` looks whether it is compiled, which takes longer
// and is not done while a shell completes a word.
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { nodeProblem } = require('./node-version.cjs');

const root = join(__dirname, '..', '..');
const cli = join(root, 'dist', 'cli.cjs');
const isCheckout = existsSync(join(root, 'package-lock.json'));
const isReady = nodeProblem() === undefined && existsSync(cli);
if (isReady && (!isCheckout || process.argv[2] === 'complete')) require(cli);
else if (process.argv[2] !== 'complete') void import('./stillroom.mjs');
