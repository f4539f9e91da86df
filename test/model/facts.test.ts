import { describe, expect, test } from 'vitest';
import { namedEngines, namedFacts } from '../../src/model/facts.ts';

const now = { platform: 'linux', machine: { cpu: 'fast', cores: 2 }, engines: { tensorflow: { version: '2.21', onednn: true } } };
const former = { platform: 'linux', machine: { cpu: 'fast', cores: 2 }, tensorflow: { version: '2.20', onednn: true } };

describe('facts', () => {
  test('have one name each, in records of all formats', () => {
    const names = { platform: 'linux', 'machine cpu': 'fast', 'machine cores': '2', 'engine tensorflow onednn': 'true' };
    expect(namedFacts(now)).toEqual({ ...names, 'engine tensorflow version': '2.21' });
    expect(namedFacts(former)).toEqual({ ...names, 'engine tensorflow version': '2.20' });
    expect(namedFacts({ ...former, tensorflow: null })).not.toHaveProperty('engine tensorflow version');
  });

  test('of an engine in a fingerprint include its variables', () => {
    const engines = { fake: { version: '1', device: 'cpu', environment: { THREADS: '2' } } };
    expect(namedEngines({ engines })).toEqual({ 'engine fake version': '1', 'engine fake device': 'cpu', 'engine fake THREADS': '2' });
  });
});
