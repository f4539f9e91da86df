import { param } from 'stillroom';
import type { Choice } from 'stillroom';
import { openVinoRuntime } from 'stillroom/nn';
import type { InferenceRuntime } from 'stillroom/nn';

export const about = 'OpenVINO, from the format openvino; set it up by: stillroom doctor --openvino.';

export const params = () => ({
  precision: param.choice(['float32', 'bfloat16', 'float16'], {
    default: 'float32',
    about: 'What it computes with. By itself OpenVINO would take bfloat16 where the processor has it.',
  }),
  pinning: param.boolean({ default: true, about: 'Keep each thread on one core.' }),
});

/** OpenVINO, by its C library. */
const openvino: Choice<InferenceRuntime, typeof params> = openVinoRuntime;

export default openvino;
