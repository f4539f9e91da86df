// Data files beside a stage's code are imported: their content is then part of the code. For `types` of a tsconfig: stillroom/data-files.

declare module '*.txt' {
  const text: string;
  export default text;
}

declare module '*.bin' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
