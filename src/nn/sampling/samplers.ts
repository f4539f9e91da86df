import { balanced } from './balanced.ts';
import type { Sampler } from './sampler.ts';
import { shuffled } from './shuffled.ts';

/** The ways to draw an epoch's images, by the names that params give them. */
export const samplers = { shuffled, balanced } satisfies Record<string, Sampler>;
