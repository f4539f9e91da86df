import type { Convolution, Network } from '../../network.ts';

/** A part of an inverted residual by torchvision's name: the block, the part's place in it and what it is there. */
const part = /^(features\.\d+(?:\.\d+)?)\.block\.(\d+)\.(0|1|fc1|fc2)$/;

/** timm's names of the convolutions of a block that does not expand, and of one that does. */
const convolutions = { 2: ['conv_dw', 'conv_pw'], 3: ['conv_pw', 'conv_dw', 'conv_pwl'] } as const;

const squeeze: Readonly<Record<string, string>> = { fc1: 'se.conv_reduce', fc2: 'se.conv_expand' };

/** The convolution that a block's output comes from. */
function lastConvolution(network: Network, block: string): Convolution {
  const own = network.layers.filter((layer) => layer.kind === 'convolution' && part.exec(layer.name)?.[1] === block);
  return own.at(-1) as Convolution;
}

/** timm's names of the blocks: a new stage begins where torchvision's own does or, in a MobileNetV3, where the channels change. */
function blockNames(network: Network, blocks: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  let [stage, place, before] = [-1, 0, ''];
  for (const block of blocks) {
    const [, major, minor] = block.split('.');
    const group = minor === undefined ? String(lastConvolution(network, block).outChannels) : String(major);
    [stage, place] = group === before ? [stage, place + 1] : [stage + 1, 0];
    before = group;
    names.set(block, `blocks.${stage}.${place}`);
  }
  return names;
}

/** timm's names of the layers of one block. */
function partNames(network: Network, block: string, renamed: string): [string, string][] {
  const found = network.layers.flatMap(({ name }) => {
    const [, own, place = '', kind = ''] = part.exec(name) ?? [];
    return own === block ? [{ name, place, kind }] : [];
  });
  const places = [...new Set(found.filter(({ kind }) => kind === '0').map(({ place }) => place))];
  const names = convolutions[places.length === 2 ? 2 : 3];
  return found.map(({ name, place, kind }) => {
    const index = places.indexOf(place);
    const last = kind === '0' ? names[index] : kind === '1' ? `bn${index + 1}` : squeeze[kind];
    return [name, `${renamed}.${last}`];
  });
}

/** timm's names of the layers of a MobileNetV3 or an EfficientNet that has torchvision's. */
export function mobileNames(network: Network): ReadonlyMap<string, string> {
  const blocks = [...new Set(network.layers.flatMap(({ name }) => part.exec(name)?.[1] ?? []))];
  const renamed = blockNames(network, blocks);
  const names = new Map([...renamed].flatMap(([block, name]) => partNames(network, block, name)));
  const outer = network.layers.filter(({ name }) => /^features\.\d+\.[01]$/.test(name)).map(({ name }) => name);
  const [stem = '', stemNorm = '', last = '', lastNorm = ''] = outer;
  names.set(stem, 'conv_stem').set(stemNorm, 'bn1');
  const stages = Number([...renamed.values()].at(-1)?.split('.')[1]) + 1;
  const isMobileNet = network.layers.some(({ name }) => name === 'classifier.3');
  if (isMobileNet) names.set('classifier.0', 'conv_head').set('classifier.3', 'classifier');
  else names.set('classifier.1', 'classifier');
  names.set(last, isMobileNet ? `blocks.${stages}.0.conv` : 'conv_head');
  names.set(lastNorm, isMobileNet ? `blocks.${stages}.0.bn1` : 'bn2');
  return names;
}
