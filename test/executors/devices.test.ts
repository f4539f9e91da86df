import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { devicesOf } from '../../src/executors/job/devices.ts';
import { holdMachine } from '../../src/executors/job/machine.ts';
import { emptyFolder, stillroom, write } from '../rig.ts';
import { asker } from './fake.ts';

const never = new AbortController().signal;

describe('devices', () => {
  test('are those that the environment names, else those of the machine', () => {
    expect(devicesOf({ STILLROOM_DEVICES: 'fake0, fake1', CUDA_VISIBLE_DEVICES: '3' })).toEqual(['fake0', 'fake1']);
    expect(devicesOf({ CUDA_VISIBLE_DEVICES: '1,GPU-4711' })).toEqual(['1', 'GPU-4711']);
    expect(devicesOf({ CUDA_VISIBLE_DEVICES: '' })).toEqual([]);
    expect(devicesOf({ CUDA_VISIBLE_DEVICES: '-1' })).toEqual([]);
  });

  test('belong to one holder at a time, and all that there are to one that wants more', async () => {
    const machine = { environment: { XDG_CACHE_HOME: emptyFolder() }, devices: ['a', 'b'], patience: 60_000 };
    const hold = (gpu: number, signal = never) => holdMachine(machine, { alone: false, gpu }, asker(signal));
    const [first, second, none] = [await hold(1), await hold(1), await hold(0)];
    expect([first?.devices, second?.devices, none?.devices]).toEqual([['a'], ['b'], []]);
    expect(await hold(1, AbortSignal.timeout(100))).toBeUndefined();
    const waiting = hold(5);
    first?.release();
    await sleep(20);
    second?.release();
    expect((await waiting)?.devices).toEqual(['a', 'b']);
  });

  test('are given to nodes: two never share one, commands are told by CUDA_VISIBLE_DEVICES, others see none, and nothing of it is hashed', async () => {
    const folder = emptyFolder();
    const names = ['one', 'two', 'three'];
    const node = (name: string): string =>
      `  ${name}: { run: 'echo "${name} + $CUDA_VISIBLE_DEVICES" >> "$TRACE"; sleep 0.3; echo "${name} - $CUDA_VISIBLE_DEVICES" >> "$TRACE"; echo > "$out"', env: [TRACE], out: { out: ${name}.txt }, resources: { gpu: 1 } }\n`;
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'pipeline.yaml': `name: devices
stages:
${names.map(node).join('')}  none: { run: 'echo "none: $CUDA_VISIBLE_DEVICES" > "$out"', out: { out: out.txt } }
`,
    });
    const env = { TRACE: join(folder, 'trace'), XDG_CACHE_HOME: join(folder, 'cache'), STILLROOM_DEVICES: 'fake0,fake1' };
    const run = await stillroom(folder, ['run', 'pipeline.yaml', '--jobs', '8', '--json'], { env });
    expect(run.code).toBe(0);
    expect(readFileSync(run.json.outputs?.['none.out'] ?? '', 'utf8')).toBe('none: \n');
    const held = new Map<string, string>();
    let most = 0;
    for (const line of readFileSync(env.TRACE, 'utf8').trim().split('\n')) {
      const [name = '', sign, device = ''] = line.split(' ');
      expect(['fake0', 'fake1']).toContain(device);
      if (sign === '+') {
        expect(held.has(device)).toBe(false);
        held.set(device, name);
      } else held.delete(device);
      most = Math.max(most, held.size);
    }
    expect(most).toBe(2);
    const other = await stillroom(folder, ['plan', 'pipeline.yaml', '--json'], { env: { ...env, STILLROOM_DEVICES: 'fake7' } });
    expect(other.json.nodes?.map(({ action }) => action)).toEqual(['reuse', 'reuse', 'reuse', 'reuse']);
  });
});
