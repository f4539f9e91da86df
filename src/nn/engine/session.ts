import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addon } from './addon.cjs';
import type { Graph } from '../graph/graph.ts';
import { encodeSavedModel } from '../graph/saved-model.ts';
import type { Value } from '../graph/types.ts';
import { dataTypes } from '../graph/types.ts';
import { elements } from '../weights/tensor.ts';

/** The numbers of a tensor, in row-major order. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

/** A part of a loaded graph that is called with numbers for its inputs and gives those of its outputs, in their order. */
export type GraphFunction = (inputs: readonly Numbers[]) => Numbers[];

/** A graph loaded into TensorFlow, with its variables. */
export interface Session {
  /** Prepares a call: one native call feeds the inputs and fetches the outputs. */
  function(inputs: readonly Value[], outputs: readonly Value[]): GraphFunction;
  /** Sets variables by name. All must be set before a call reads them. */
  assign(values: ReadonlyMap<string, Float32Array>): void;
  /** Reads variables by name, or all. */
  read(names?: Iterable<string>): Map<string, Float32Array>;
  /** Frees the graph; the session cannot be used afterwards. */
  close(): void;
}

/** The engine in use: libtensorflow's version and the kind of device that it computes on. */
export function engineFacts(): { readonly version: string; readonly device: 'cpu' | 'gpu' } {
  return { version: addon().TF_Version, device: addon().isUsingGpuDevice() ? 'gpu' : 'cpu' };
}

/** The device that is to compute, known without loading TensorFlow. */
export function plannedDevice(): 'cpu' | 'gpu' {
  return process.env['STILLROOM_DEVICE'] === 'gpu' ? 'gpu' : 'cpu';
}

/** TensorFlow falls back to the CPU where a GPU's libraries do not load; results are kept under the device that was planned. */
function checkDevice(): void {
  const planned = process.env['STILLROOM_DEVICE'];
  const { device } = engineFacts();
  if (planned !== undefined && planned !== device) {
    throw new Error(`TensorFlow computes on the ${device}, but the ${planned} was planned: see stillroom doctor.`);
  }
}

/**
 * Lets each operation use all of the node's threads, instead of sharing them out to operations that run at once: faster where operations
 * are long. `inTurn`: no two run at once any more. TensorFlow reads this when its addon is loaded, on its first use, so it must be asked for
 * before.
 */
export function widenOperations(inTurn: boolean): void {
  const atOnce = process.env['TF_NUM_INTEROP_THREADS'];
  const each = process.env['TF_NUM_INTRAOP_THREADS'];
  if (atOnce === undefined || each === undefined) return;
  process.env['TF_NUM_INTRAOP_THREADS'] = String(Number(atOnce) * Number(each));
  if (inTurn) process.env['TF_NUM_INTEROP_THREADS'] = '1';
}

/** The number of tensors that TensorFlow holds for JavaScript; it stays the same over calls unless tensors leak. */
export function heldTensors(): number {
  return addon().getNumOfTensors();
}

const names = (values: readonly Value[]): string => values.map(({ node, output }) => `${node}:${output}`).join();

/** Loads a graph. The only place where graphs are given to TensorFlow: by way of a SavedModel in a temporary folder. */
export function openSession(graph: Graph): Session {
  checkDevice();
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-graph-'));
  let model: number;
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(graph));
    model = addon().loadSavedModel(`${folder}/`, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const call = (inputs: readonly Value[], outputs: readonly Value[]): GraphFunction => {
    const [inputNames, outputNames] = [names(inputs), names(outputs)];
    return (numbers) => run(model, inputs, numbers, inputNames, outputNames);
  };
  const variable = (name: string) => {
    const found = graph.variables.get(name);
    if (found === undefined) throw new Error(`The graph has no variable "${name}".`);
    return found;
  };
  return {
    function: call,
    assign(values) {
      const chosen = [...values.keys()].map(variable);
      call(
        chosen.map(({ next }) => next),
        chosen.map(({ assigned }) => assigned),
      )([...values.values()]);
    },
    read(wanted = graph.variables.keys()) {
      const chosen = [...wanted].map(variable);
      const values = call(
        [],
        chosen.map(({ value }) => value),
      )([]);
      return new Map(chosen.map(({ name }, index) => [name, values[index] as Float32Array]));
    },
    close: () => addon().deleteSavedModel(model),
  };
}

/** The shape with an open batch (-1) made definite. */
function filled(shape: readonly number[], length: number): readonly number[] {
  const [batch, ...rest] = shape;
  return batch === undefined || batch >= 0 ? shape : [length / elements(rest), ...rest];
}

function run(model: number, inputs: readonly Value[], numbers: readonly Numbers[], inputNames: string, outputNames: string): Numbers[] {
  const ids: number[] = [];
  try {
    inputs.forEach(({ shape, type }, index) => {
      const values = numbers[index] as Numbers;
      ids.push(addon().createTensor(filled(shape, values.length), dataTypes[type], values));
    });
    const outputs = addon().runSavedModel(model, ids, inputNames, outputNames);
    ids.push(...outputs.map(({ id }) => id));
    return outputs.map(({ id }) => addon().tensorDataSync(id));
  } finally {
    for (const id of ids) addon().deleteTensor(id);
  }
}
