import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolders } from '../../src/files/folder.ts';
import { readJson } from '../../src/files/json.ts';
import { readPlain } from '../../src/files/plain.ts';
import { readSealed } from '../../src/files/sealed.ts';
import { emptyFolder } from '../rig.ts';

const anything = (_: unknown): _ is unknown => true;

describe('a file that is read', () => {
  test('may be reached by a link', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'file'), 'text');
    symlinkSync('file', join(folder, 'link'));
    expect(readPlain(join(folder, 'link')).toString()).toBe('text');
  });

  test('is a plain one: a pipe, a device and a folder are refused at once, and count as missing where records are read', () => {
    const folder = emptyFolder();
    const pipe = join(folder, 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
    mkdirSync(join(folder, 'folder'));
    expect(() => readPlain(pipe)).toThrow(expect.objectContaining({ code: 'ENOTFILE', path: pipe }));
    expect(() => readPlain('/dev/zero')).toThrow(expect.objectContaining({ code: 'ENOTFILE' }));
    expect(() => readPlain(join(folder, 'folder'))).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(() => readPlain(join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(readJson(pipe, anything)).toBeUndefined();
    expect(readSealed(pipe, anything)).toBeUndefined();
  });
});

describe('making a folder', () => {
  test('says which was the first that was made', () => {
    const folder = emptyFolder();
    expect(makeFolders(join(folder, 'one/two/three'))).toBe(join(folder, 'one'));
    expect(makeFolders(join(folder, 'one/two/three'))).toBeUndefined();
    expect(makeFolders(join(folder, 'one/two/other'))).toBe(join(folder, 'one/two/other'));
  });

  test('fails where there can be none, or a file stands in the way', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolders('/proc/nowhere/at/all')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => makeFolders(join(folder, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(() => makeFolders(join(folder, 'file/below'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });
});
