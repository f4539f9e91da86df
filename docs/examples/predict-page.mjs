// What predict.html does with a picture's pixels. `ort` is onnxruntime-web; `address` is where the folder of an exported model is served.

/**
 * Opens an exported model.
 * @param {typeof import('onnxruntime-web')} ort
 * @param {string} address
 */
export async function openModel(ort, address) {
  const [about, onnx] = await Promise.all([fetch(`${address}/exported.json`), fetch(`${address}/onnx/model.onnx`)]);
  const { classes, preparation, input } = /** @type {any} */ (await about.json());
  const session = await ort.InferenceSession.create(new Uint8Array(await onnx.arrayBuffer()));
  const [side, margin] = [input.size, Math.floor((preparation.size - input.size) / 2)]; // the middle, channel after channel

  /** The label of a picture and its probability. @param {Uint8ClampedArray} pixels size × size × RGBA, as a canvas gives them */
  const label = async (pixels) => {
    const numbers = Float32Array.from({ length: input.channels * side * side }, (_, at) => {
      const [channel, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
      const value = pixels[((y + margin) * preparation.size + x + margin) * 4 + channel] ?? 0;
      return (value / 255 - input.mean[channel]) / input.std[channel];
    });
    const { logits } = await session.run({ input: new ort.Tensor('float32', numbers, [1, input.channels, side, side]) });
    const powers = Array.from(/** @type {Float32Array} */ (logits?.data), Math.exp);
    const best = powers.indexOf(Math.max(...powers));
    return { label: classes[best], probability: (powers[best] ?? 0) / powers.reduce((sum, power) => sum + power) };
  };
  return { preparation, label };
}
