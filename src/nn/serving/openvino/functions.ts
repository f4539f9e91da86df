import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { foreign } from './library.cjs';

/** What OpenVINO's C library is asked for: https://docs.openvino.ai, "OpenVINO Runtime C API". Each function gives 0, or what went wrong. */
const declarations = {
  version: 'int ov_get_openvino_version(_Out_ ov_version_t *version)',
  freeVersion: 'void ov_version_free(ov_version_t *version)',
  core: 'int ov_core_create(_Out_ void **core)',
  freeCore: 'void ov_core_free(void *core)',
  read: 'int ov_core_read_model(void *core, const char *path, const char *weights, _Out_ void **model)',
  reshape: 'int ov_model_reshape_single_input(void *model, ov_partial_shape_t shape)',
  freeModel: 'void ov_model_free(void *model)',
  compile: 'int ov_core_compile_model(void *core, void *model, const char *device, size_t count, _Out_ void **compiled, ...)',
  property: 'int ov_compiled_model_get_property(void *compiled, const char *name, _Out_ void **value)',
  freeText: 'void ov_free(void *text)',
  freeCompiled: 'void ov_compiled_model_free(void *compiled)',
  request: 'int ov_compiled_model_create_infer_request(void *compiled, _Out_ void **request)',
  freeRequest: 'void ov_infer_request_free(void *request)',
  tensor: 'int ov_tensor_create_from_host_ptr(int type, ov_shape_t shape, void *numbers, _Out_ void **tensor)',
  freeTensor: 'void ov_tensor_free(void *tensor)',
  setInput: 'int ov_infer_request_set_input_tensor(void *request, void *tensor)',
  setOutput: 'int ov_infer_request_set_output_tensor(void *request, void *tensor)',
  infer: 'int ov_infer_request_infer(void *request)',
  lastError: 'const char *ov_get_last_err_msg()',
} as const;

/** Any function of the library. */
export type Foreign = (...values: readonly unknown[]) => unknown;

/** OpenVINO's functions, and what makes memory that both sides see. */
export interface OpenVino {
  readonly functions: { readonly [Name in keyof typeof declarations]: Foreign };
  /** So many float32 numbers as JavaScript and as C see them. */
  floats(count: number): { readonly numbers: Float32Array; readonly pointer: unknown };
  /** Dimensions as C sees them. */
  dimensions(extents: readonly number[]): unknown;
  /** A text of C's. */
  text(pointer: unknown): string;
  /** Calls a function that gives something by its last parameter. Throws what OpenVINO says where it fails. */
  made(what: string, make: Foreign, ...values: readonly unknown[]): unknown;
  /** The same of one that gives nothing. */
  does(what: string, act: Foreign, ...values: readonly unknown[]): void;
}

/** What OpenVINO says does not work. */
export class OpenVinoError extends Error {
  override readonly name = 'OpenVinoError';
}

let opened: OpenVino | undefined;

/** Loads the library when it is first asked for. Throws where set-up has not brought it, or it cannot be loaded. */
export function openVino(): OpenVino {
  opened ??= load();
  return opened;
}

function load(): OpenVino {
  const { koffi, folder } = foreign();
  const libraries = join(folder, 'deps', 'openvino', 'libs');
  const file = readdirSync(libraries).find((name) => name.startsWith('libopenvino_c.so'));
  if (file === undefined) throw new OpenVinoError(`OpenVINO is not whole: there is no libopenvino_c.so in ${libraries}.`);
  const library = koffi.load(join(libraries, file));
  koffi.struct('ov_version_t', { build: 'const char *', description: 'const char *' });
  koffi.struct('ov_shape_t', { rank: 'int64_t', dims: 'void *' });
  koffi.struct('ov_partial_shape_t', { least: 'int64_t', most: 'int64_t', dims: 'void *' });
  const functions = Object.fromEntries(
    Object.entries(declarations).map(([name, declaration]) => [name, library.func(declaration) as Foreign]),
  ) as OpenVino['functions'];
  const check = (what: string, status: unknown): void => {
    if (status !== 0)
      throw new OpenVinoError(`OpenVINO could not ${what}: ${String(functions.lastError() ?? `it gave ${String(status)}`)}`);
  };
  return {
    functions,
    floats(count) {
      const pointer = koffi.alloc('float', count);
      return { pointer, numbers: new Float32Array(koffi.view(pointer, count * Float32Array.BYTES_PER_ELEMENT)) };
    },
    dimensions(extents) {
      const pointer = koffi.alloc('int64_t', extents.length);
      koffi.encode(pointer, koffi.array('int64_t', extents.length), [...extents]);
      return pointer;
    },
    text: (pointer) => String(koffi.decode(pointer, 'char', -1)),
    made(what, make, ...values) {
      const out: unknown[] = [null];
      check(what, make(...values, out));
      return out[0];
    },
    does: (what, act, ...values) => check(what, act(...values)),
  };
}
