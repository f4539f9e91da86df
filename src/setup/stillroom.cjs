#!/usr/bin/env node
'use strict';
// The command `stillroom` of an installed package: its command line at once. `stillroom.mjs` looks whether it is compiled, which takes longer.
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { nodeProblem } = require('./node-version.cjs');

const root = join(__dirname, '..', '..');
const cli = join(root, 'dist', 'cli.cjs');
const isCheckout = existsSync(join(root, 'package-lock.json'));
if (nodeProblem() === undefined && !isCheckout && existsSync(cli)) require(cli);
else void import('./stillroom.mjs');
