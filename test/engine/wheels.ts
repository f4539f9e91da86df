import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { findUv } from '../../src/setup/uv.mjs';

/** Where uv is not set up, what needs it is left out; but not where everything must pass. */
export const isWithoutUv = findUv() === undefined && process.env['CI'] === undefined;

const MAKE = `
import base64, hashlib, sys, zipfile
folder, name, version, *requires = sys.argv[1:]
module = name.replace("-", "_")
info = f"{module}-{version}.dist-info"
metadata = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n" + "".join(f"Requires-Dist: {one}\\n" for one in requires)
wheel = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
files = {f"{module}.py": f'version = "{version}"\\n', f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
files[f"{info}/RECORD"] = "".join(f"{path},sha256={digest(text)},{len(text)}\\n" for path, text in files.items()) + f"{info}/RECORD,,\\n"
path = f"{folder}/{module}-{version}-py3-none-any.whl"
with zipfile.ZipFile(path, "w") as archive:
    for member, text in files.items():
        archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), text)
print(hashlib.sha256(open(path, "rb").read()).hexdigest())
`;

/** Makes a wheel of one module, which says its version; returns its digest. The same again is the same to the byte. */
export function makeWheel(folder: string, name: string, version: string, requires: readonly string[] = []): string {
  mkdirSync(folder, { recursive: true });
  return execFileSync('python3', ['-c', MAKE, folder, name, version, ...requires], { encoding: 'utf8' }).trim();
}
