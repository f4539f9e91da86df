declare module 'fs-native-extensions' {
  /** Takes an open-file-description lock; false where another holds it. Inherited descriptors share it. */
  export function tryLock(descriptor: number, offset?: number, length?: number, options?: { readonly shared?: boolean }): boolean;
}
