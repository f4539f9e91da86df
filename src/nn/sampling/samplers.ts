import { balanced } from './balanced.ts';
import { balancedDown } from './balanced-down.ts';
import { balancedUp } from './balanced-up.ts';
import type { Sampler } from './sampler.ts';
import { shuffled } from './shuffled.ts';

/** The ways to draw an epoch's images, by the names that params give them. */
export const samplers = { shuffled, balanced, 'balanced-down': balancedDown, 'balanced-up': balancedUp } satisfies Record<string, Sampler>;
