/**
 * The wheels that the engine is taken from, pinned by digest.
 *
 * `file` is the wheel's name on the index (its tags tell pip which one to fetch, whatever Python runs pip: the libraries inside do not
 * depend on Python); `take` says which members are unpacked, each with the path it gets in the engine's folder.
 *
 * @typedef {{ name: string, version: string, file: string, sha256: string, bytes: number, take: (member: string) => string | undefined }} Wheel
 * What is taken from wheels into a folder of the cache: `title` for people, `folder` its name there; `anyMachine`: its wheels were chosen for
 * this machine, where others run on one kind alone.
 *
 * @typedef {{ title: string, folder: string, version: string, unpackedBytes: number, wheels: readonly Wheel[], anyMachine?: boolean }} Libraries
 * @typedef {Libraries & { variant: 'cpu' | 'cuda', device: 'cpu' | 'gpu' }} Engine
 */

/** The version of libtensorflow. */
export const engineVersion = '2.21.0';

const libraries = /^tensorflow\/libtensorflow_(?:cc|framework)\.so\.2$/;
const headers =
  /^tensorflow\/(include\/(?:tensorflow\/c\/[^/]+|tensorflow\/c\/eager\/c_api|(?:tensorflow\/core|tsl)\/platform\/ctstring\w*|xla\/tsl\/c\/tsl_status)\.h)$/;
const notices = /^tensorflow\/THIRD_PARTY_NOTICES\.txt$/;

/** What a tensorflow wheel gives: the two libraries, the headers of the C API, the licences.
 * @param {string} member
 */
function fromTensorflow(member) {
  if (libraries.test(member) || notices.test(member)) return member;
  return headers.exec(member)?.[1];
}

/** What an nvidia wheel gives: its shared libraries, the PTX assembler and libdevice, the licence.
 * @param {string} member
 */
function fromNvidia(member) {
  const wanted = /^nvidia\/\w+\/lib\/lib[\w.-]+\.so[\d.]*$/.test(member) && !/\.alt\.so|cusolverMg|cufftw|nvblas/.test(member);
  return wanted ||
    /^nvidia\/cuda_nvcc\/(?:bin\/ptxas|nvvm\/libdevice\/[\w.]+)$/.test(member) ||
    /^nvidia_[^/]+\/(?:licenses\/)?License\.txt$/i.test(member)
    ? member
    : undefined;
}

/**
 * @param {string} name
 * @param {string} version
 * @param {string} tags Python, ABI and platform tags of the file's name.
 * @param {number} bytes
 * @param {string} sha256
 * @returns {Wheel}
 */
function wheel(name, version, tags, bytes, sha256) {
  const take = name.startsWith('nvidia') ? fromNvidia : fromTensorflow;
  return { name, version, file: `${name}-${version}-${tags}.whl`, bytes, sha256, take };
}

const title = 'The training engine';
const machine = `${process.platform}-${process.arch}`;

const tensorflowTags = 'cp312-cp312-manylinux_2_27_x86_64';
const manylinux2010 = 'py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64';
const manylinux2014 = 'py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64';
const manylinux225 = 'py3-none-manylinux_2_25_x86_64';
const manylinux227 = 'py3-none-manylinux_2_27_x86_64';

/** @type {Engine} */
const cpu = {
  title,
  folder: `${engineVersion}-${machine}-cpu`,
  version: engineVersion,
  variant: 'cpu',
  device: 'cpu',
  unpackedBytes: 855_000_000,
  wheels: [
    wheel('tensorflow_cpu', engineVersion, tensorflowTags, 274_000_871, 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb'),
  ],
};

/** CUDA 12.9: what the wheel's extra `and-cuda` names.
 * @type {Engine}
 */
const cuda = {
  title,
  folder: `${engineVersion}-${machine}-cuda`,
  version: engineVersion,
  variant: 'cuda',
  device: 'gpu',
  unpackedBytes: 5_290_000_000,
  wheels: [
    wheel('tensorflow', engineVersion, tensorflowTags, 572_611_111, 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0'),
    wheel('nvidia_cublas_cu12', '12.9.3.13', manylinux227, 581_217_458, 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72'),
    wheel(
      'nvidia_cuda_cupti_cu12',
      '12.9.79',
      manylinux225,
      10_814_997,
      '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    ),
    wheel(
      'nvidia_cuda_nvcc_cu12',
      '12.9.86',
      manylinux2010,
      40_546_229,
      '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    ),
    wheel(
      'nvidia_cuda_nvrtc_cu12',
      '12.9.86',
      manylinux2010,
      89_568_129,
      '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    ),
    wheel(
      'nvidia_cuda_runtime_cu12',
      '12.9.79',
      manylinux2014,
      3_493_179,
      '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    ),
    wheel('nvidia_cudnn_cu12', '9.28.0.42', manylinux227, 716_538_495, '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375'),
    wheel('nvidia_cufft_cu12', '11.4.1.4', manylinux2014, 200_877_592, 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28'),
    wheel('nvidia_curand_cu12', '10.3.10.19', manylinux227, 68_295_626, '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e'),
    wheel(
      'nvidia_cusolver_cu12',
      '11.7.5.82',
      manylinux227,
      338_117_415,
      '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    ),
    wheel(
      'nvidia_cusparse_cu12',
      '12.5.10.65',
      manylinux2014,
      366_465_088,
      '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    ),
    wheel('nvidia_nccl_cu12', '2.32.3', manylinux227, 351_526_311, 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c'),
    wheel(
      'nvidia_nvjitlink_cu12',
      '12.9.86',
      manylinux2010,
      39_748_338,
      'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    ),
  ],
};

/** What the wheel of OpenVINO gives: its C library with all that reads ONNX and its own format and computes on the CPU, and the licences.
 * @param {string} member
 */
function fromOpenvino(member) {
  return /^openvino\/libs\/lib(?:openvino(?:_c|_onnx_frontend|_ir_frontend)?|hwloc|tbb|tbbmalloc|tbbbind_2_5)\.so\.[\d]+$/.test(member) ||
    /^openvino\/libs\/libopenvino_intel_cpu_plugin\.so$/.test(member) ||
    /^openvino-[^/]+\/licenses\//.test(member)
    ? member
    : undefined;
}

/** The version of OpenVINO. */
const openvinoVersion = '2026.4.1';

/** OpenVINO, which runs exported models.
 * @type {Libraries}
 */
export const openvino = {
  title: 'OpenVINO',
  folder: `openvino-${openvinoVersion}-${machine}`,
  version: openvinoVersion,
  unpackedBytes: 94_000_000,
  wheels: [
    {
      name: 'openvino',
      version: openvinoVersion,
      file: `openvino-${openvinoVersion}-22982-cp312-cp312-manylinux_2_28_x86_64.whl`,
      bytes: 59_144_434,
      sha256: '6b4375c17ddcac83a5180349e2e2bb811185c261066e2a920659892d58ef0e3b',
      take: fromOpenvino,
    },
  ],
};

/** The version of uv, and the oldest one of PATH that serves as well. */
export const uvVersion = '0.13.9';

/** The wheels of uv, by the machine that they run on.
 * @type {Record<string, readonly [tags: string, bytes: number, sha256: string]>}
 */
const uvWheels = {
  'linux-x64': [
    'py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64',
    17_606_939,
    'd7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19',
  ],
  'linux-arm64': [
    'py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64',
    18_026_789,
    '5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe',
  ],
  'darwin-x64': ['py3-none-macosx_10_12_x86_64', 17_529_974, 'c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5'],
  'darwin-arm64': ['py3-none-macosx_11_0_arm64', 14_660_755, '66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63'],
};

/** Where the program lies in the folder that its wheel is unpacked to. */
export const uvProgram = 'bin/uv';

/** uv, which locks and builds the environments of Python; undefined for machines of which no wheel is known.
 * @param {string} [on]
 * @returns {Libraries | undefined}
 */
export function uvFor(on = machine) {
  const known = uvWheels[on];
  if (known === undefined) return undefined;
  const [tags, bytes, sha256] = known;
  const take = (/** @type {string} */ member) =>
    /\.data\/scripts\/uv$/.test(member) ? uvProgram : /\.dist-info\/licenses\//.test(member) ? member : undefined;
  return {
    title: 'uv',
    folder: `uv-${uvVersion}-${on}`,
    version: uvVersion,
    unpackedBytes: 39_000_000,
    anyMachine: true,
    wheels: [{ name: 'uv', version: uvVersion, file: `uv-${uvVersion}-${tags}.whl`, bytes, sha256, take }],
  };
}

/** The engines that set-up can install, by variant. */
export const engines = { cpu, cuda };
