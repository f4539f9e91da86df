import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { writeSealed } from '../../files/sealed.ts';
import { installation } from '../../model/installation.ts';
import { machineFacts } from '../job/machine.ts';
import type { Place } from './place.ts';

// Tells what the machine is that it runs on, and which engines work there: a job of its own, once for each kind of place.
//
//   node probe.js FILE

const [, , file = ''] = process.argv;
const { platform, machine } = machineFacts({});
const program = join(installation, 'dist/engines/probe.js');
const { stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const { engines, items } = JSON.parse(stdout) as Pick<Place, 'engines' | 'items'>;
const isGpu = (process.env['CUDA_VISIBLE_DEVICES'] ?? '') !== '';
const place: Place = { platform, machine: { ...machine, accelerator: isGpu ? 'gpu' : 'cpu' }, engines, items };
writeSealed(file, place);
