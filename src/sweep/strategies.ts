import type { Strategy } from './study.ts';
import { asha } from './strategies/asha/asha.ts';
import { grid } from './strategies/grid/grid.ts';
import { list } from './strategies/list/list.ts';
import { oneAtATime } from './strategies/one-at-a-time/one-at-a-time.ts';
import { random } from './strategies/random/random.ts';
import { tpe } from './strategies/tpe/tpe.ts';

/** All strategies by name: a new one is a folder beside theirs and a line here. */
export const strategies: Readonly<Record<string, Strategy>> = { grid, 'one-at-a-time': oneAtATime, list, random, tpe, asha };
