/** The stages of EfficientNet-b0: expansion, kernel, stride of the first block, output channels, blocks. */
export const stages = [
  { expansion: 1, kernel: 3, stride: 1, out: 16, blocks: 1 },
  { expansion: 6, kernel: 3, stride: 2, out: 24, blocks: 2 },
  { expansion: 6, kernel: 5, stride: 2, out: 40, blocks: 2 },
  { expansion: 6, kernel: 3, stride: 2, out: 80, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 1, out: 112, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 2, out: 192, blocks: 4 },
  { expansion: 6, kernel: 3, stride: 1, out: 320, blocks: 1 },
] as const;
