/** A name that is safe as a folder's: what stands out in a path is written as %XX. */
export function folderName(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9._=,[\]-]/g, (char) => [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
    .replace(/^\.+$/, '%2e');
}
