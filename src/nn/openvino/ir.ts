import type { Tensor } from '../weights/tensor.ts';

/** What an attribute of an operation says; lists are written with commas. */
export type IrAttributes = Readonly<Record<string, string | number | boolean | readonly number[]>>;

/** A value of the graph: what the layer of that number gives. */
export interface IrValue {
  readonly layer: number;
}

interface IrLayer {
  readonly name: string;
  readonly type: string;
  readonly opset: string;
  readonly attributes: IrAttributes;
  readonly inputs: readonly IrValue[];
  /** What it gives; a result gives nothing. */
  readonly output: { readonly precision: 'FP32' | 'I64'; readonly shape?: readonly number[]; readonly tensorName?: string } | undefined;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;' };

/** A text as it stands between the quotes of an attribute. */
function escaped(text: string): string {
  return text.replace(/[&<>"\n\t]/g, (letter) => escapes[letter] as string);
}

function written(value: IrAttributes[string]): string {
  return escaped(Array.isArray(value) ? value.join(',') : String(value));
}

function attributesText(attributes: IrAttributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${written(value)}"`)
    .join('');
}

/** OpenVINO's intermediate representation being built: layers in order, and the bytes of their constants. */
export class Ir {
  readonly #layers: IrLayer[] = [];
  readonly #parts: Uint8Array[] = [];
  #offset = 0;

  /** Adds an operation of an opset. */
  operation(type: string, name: string, inputs: readonly IrValue[], attributes: IrAttributes = {}, opset = 1): IrValue {
    return this.#add({ name, type, opset: `opset${opset}`, attributes, inputs, output: { precision: 'FP32' } });
  }

  /** Adds what is fed: float32 numbers; -1 is an extent that the caller chooses. */
  parameter(name: string, shape: readonly number[]): IrValue {
    const attributes = { shape: shape.map((extent) => (extent < 0 ? '?' : String(extent))).join(','), element_type: 'f32' };
    return this.#add({
      name,
      type: 'Parameter',
      opset: 'opset1',
      attributes,
      inputs: [],
      output: { precision: 'FP32', shape, tensorName: name },
    });
  }

  /** Adds what is given: a value under a name. */
  result(name: string, value: IrValue): void {
    const { output, ...layer } = this.#layers[value.layer] as IrLayer;
    this.#layers[value.layer] = { ...layer, output: { precision: 'FP32', ...output, tensorName: name } };
    this.#add({ name: `${name}/result`, type: 'Result', opset: 'opset1', attributes: {}, inputs: [value], output: undefined });
  }

  /** Adds a constant of float32 numbers. */
  constant(name: string, { shape, data }: Tensor): IrValue {
    return this.#constant(name, { type: 'f32', precision: 'FP32' }, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Adds a list of whole numbers as a constant. */
  integers(name: string, values: readonly number[]): IrValue {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant(name, { type: 'i64', precision: 'I64' }, [values.length], bytes);
  }

  /** The two files: the graph, with what the metadata says of the model at `model_info`, and the constants' bytes. */
  encode(name: string, metadata: Readonly<Record<string, string>>): { readonly xml: string; readonly bin: Uint8Array } {
    const edges = this.#layers.flatMap(({ inputs }, to) =>
      inputs.map((from, port) => {
        const fromPort = this.#layers[from.layer]?.inputs.length ?? 0;
        return `  <edge from-layer="${from.layer}" from-port="${fromPort}" to-layer="${to}" to-port="${port}"/>`;
      }),
    );
    const info = Object.entries(metadata).map(([key, value]) => `   <${key} value="${escaped(value)}"/>`);
    const lines = [
      '<?xml version="1.0"?>',
      `<net name="${escaped(name)}" version="11">`,
      ' <layers>',
      ...this.#layers.map(layerText),
      ' </layers>',
      ' <edges>',
      ...edges,
      ' </edges>',
      ' <rt_info>',
      '  <model_info>',
      ...info,
      '  </model_info>',
      ' </rt_info>',
      '</net>',
      '',
    ];
    return { xml: lines.join('\n'), bin: Buffer.concat(this.#parts) };
  }

  #constant(
    name: string,
    { type, precision }: { readonly type: string; readonly precision: 'FP32' | 'I64' },
    shape: readonly number[],
    bytes: Uint8Array,
  ): IrValue {
    const attributes = { element_type: type, shape, offset: this.#offset, size: bytes.length };
    this.#parts.push(bytes);
    this.#offset += bytes.length;
    return this.#add({ name, type: 'Const', opset: 'opset1', attributes, inputs: [], output: { precision, shape } });
  }

  #add(layer: IrLayer): IrValue {
    this.#layers.push(layer);
    return { layer: this.#layers.length - 1 };
  }
}

/** One layer: its ports are numbered, those that it reads before the one that it gives. */
function layerText({ name, type, opset, attributes, inputs, output }: IrLayer, id: number): string {
  const data = Object.keys(attributes).length === 0 ? '' : `<data${attributesText(attributes)}/>`;
  const read = inputs.length === 0 ? '' : `<input>${inputs.map((_, port) => `<port id="${port}"/>`).join('')}</input>`;
  return `  <layer id="${id}" name="${escaped(name)}" type="${type}" version="${opset}">${data}${read}${outputText(inputs.length, output)}</layer>`;
}

function outputText(port: number, output: IrLayer['output']): string {
  if (output === undefined) return '';
  const { precision, shape = [], tensorName } = output;
  const names = tensorName === undefined ? '' : ` names="${escaped(tensorName)}"`;
  const extents = shape.map((extent) => `<dim>${extent}</dim>`).join('');
  return `<output><port id="${port}" precision="${precision}"${names}>${extents}</port></output>`;
}
