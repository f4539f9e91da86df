import type { WrittenPoint } from './instance-name.ts';

/** What is asked of a pipeline file and its options, node by node, by digests: two of them tell which nodes are asked otherwise. */
export interface Outline {
  /** Of all that stands beside the nodes. */
  readonly head: string;
  /** Of what stands of each node, and of what options say of all its instances; in the order of the file. */
  readonly nodes: readonly (readonly [name: string, digest: string])[];
  /** The file's text, where it is written plainly: of one in which little was edited since only that is read. */
  readonly plain?: string | undefined;
  /** Options for instances at points of a matrix, as they are written. */
  readonly atPoints: readonly { readonly node: string; readonly point: WrittenPoint; readonly option: string }[];
}
