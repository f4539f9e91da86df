import { writeSealed } from '../../files/sealed.ts';
import { machineFacts } from '../job/machine.ts';

// Tells the facts of the machine that it runs on: a job of its own, once for each kind of place.
//
//   node probe.js FILE

const [, , file = ''] = process.argv;
const { platform, machine } = machineFacts({});
const isGpu = (process.env['CUDA_VISIBLE_DEVICES'] ?? '') !== '';
writeSealed(file, { platform, machine: { ...machine, accelerator: isGpu ? 'gpu' : 'cpu' } });
