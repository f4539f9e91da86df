/** What lies below a prefix of a remote. */
export interface ShelfUsage {
  readonly prefix: string;
  readonly results: number;
  readonly runs: number;
  /** Of everything there. */
  readonly objects: number;
  readonly bytes: number;
}

/** What may go from below a prefix of a remote: nothing that is younger than is asked, or that what stays names. */
export interface FarGarbage {
  readonly prefix: string;
  readonly runs: readonly string[];
  readonly results: number;
  /** Blobs and packs. */
  readonly contents: number;
  /** Bytes of all of it. */
  readonly bytes: number;
  /** Bytes of everything there before. */
  readonly size: number;
}

/** A run as it lies in a remote: its record, and what it is made of, by the names of a pack. */
export interface FarRun {
  readonly id: string;
  /** JSON. */
  readonly record: string;
  readonly entries: readonly { readonly name: string; readonly digest: string; readonly size: number }[];
}
