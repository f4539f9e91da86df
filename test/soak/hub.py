"""Loads what `hub.ts` exported in the packages that it was exported for, and compares their logits with the training graph's.

    python hub.py FOLDER

FOLDER holds a folder for each architecture: `images.bin` (float32, images × channels × size × size, normalised), `logits.bin`,
`case.json` and the exported folder `model`. The last line says how many comparisons did not agree.
"""

import json
import pathlib
import sys

import timm
import torch
import transformers

TOLERANCE = 1e-4


def numbers(file, shape):
    return torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.float32).reshape(shape)


def difference(logits, expected):
    """The largest difference of a logit, relative to the largest one where that is above 1."""
    return ((logits - expected).abs().max() / max(1.0, expected.abs().max().item())).item()


def by_timm(folder):
    model = timm.create_model(f'local-dir:{folder}', pretrained=True).eval()
    config = timm.data.resolve_data_config({}, model=model)
    return model, config['input_size'][1]


def by_transformers(folder):
    model, told = transformers.AutoModelForImageClassification.from_pretrained(folder, output_loading_info=True)
    odd = {kind: names for kind, names in told.items() if names}
    if odd:
        raise SystemExit(f'{folder}: {odd}')
    transformers.AutoImageProcessor.from_pretrained(folder)
    return (lambda images: model.eval()(pixel_values=images).logits), model.config.id2label


def compare(folder):
    case = json.loads((folder / 'case.json').read_text())
    images = numbers(folder / 'images.bin', case['images'])
    expected = numbers(folder / 'logits.bin', [case['images'][0], len(case['classes'])])
    net, size = by_timm(folder / 'model' / 'timm')
    wrapped, labels = by_transformers(folder / 'model' / 'transformers')
    if size != case['images'][2] or list(labels.values()) != case['classes']:
        raise SystemExit(f'{folder.name}: other sizes or labels')
    with torch.no_grad():
        found = {'timm': difference(net(images), expected), 'transformers': difference(wrapped(images), expected)}
    for package, value in found.items():
        verdict = 'agrees' if value < TOLERANCE else 'DIFFERS'
        print(f'{folder.name:32} {package:13} {value:.1e}  {verdict}', flush=True)
    return sum(value >= TOLERANCE for value in found.values())


if __name__ == '__main__':
    print(f'torch {torch.__version__}, timm {timm.__version__}, transformers {transformers.__version__}')
    bad = sum(compare(folder) for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()))
    print(f'{bad} differ')
    sys.exit(1 if bad else 0)
