/** An output named by the digest of its content: a file's bytes, or a folder's manifest. */
export interface Artifact {
  readonly kind: 'dir' | 'file';
  /** SHA-256 of the file, or of the folder's manifest. */
  readonly digest: string;
  /** Bytes in all. */
  readonly size: number;
  /** Of a file: its suffix with the dot, or empty. */
  readonly suffix: string;
  /** Of a file: it may be executed. It is no part of the digest. */
  readonly executable?: true;
}

/** One file of a folder. */
export interface ManifestEntry {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly size: number;
  readonly digest: string;
  readonly executable: boolean;
}

/** What a folder holds, each list in the byte order of its paths. */
export interface Manifest {
  readonly files: readonly ManifestEntry[];
  /** The folders in which nothing is: all others are known by their files. */
  readonly emptyFolders: readonly string[];
}
