/** An output named by the digest of its content: a file's bytes, or a folder's manifest. */
export interface Artifact {
  readonly kind: 'dir' | 'file';
  /** SHA-256 of the file, or of the folder's manifest. */
  readonly digest: string;
  /** Bytes in all. */
  readonly size: number;
  /** Of a file: its suffix with the dot, or empty. */
  readonly suffix: string;
}

/** One file of a folder; a manifest lists them in the byte order of their paths. */
export interface ManifestEntry {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly size: number;
  readonly digest: string;
  readonly executable: boolean;
}
