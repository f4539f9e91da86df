"""Prints what an exported model takes a picture for, and how probably: python predict.py FOLDER PICTURE (pip install onnxruntime pillow)."""
import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

folder, picture = sys.argv[1:3]
about = json.load(open(f"{folder}/exported.json"))
size, fit, grey = (about["preparation"][key] for key in ("size", "fit", "background"))
side, mean, std = (about["input"][key] for key in ("size", "mean", "std"))
upright = ImageOps.exif_transpose(Image.open(picture)).convert("RGBA")
image = Image.alpha_composite(Image.new("RGBA", upright.size, (grey, grey, grey, 255)), upright).convert("L" if len(mean) == 1 else "RGB")
across, down = size / image.width, size / image.height
scale = {"pad": min(across, down), "shrink": min(across, down, 1), "cover": max(across, down)}.get(fit)
extent = (size, size) if scale is None else (round(image.width * scale), round(image.height * scale))
square = Image.new(image.mode, (size, size), grey if len(mean) == 1 else (grey,) * 3)
square.paste(image.resize(extent, Image.LANCZOS), ((size - extent[0]) // 2, (size - extent[1]) // 2))
margin = (size - side) // 2  # the middle, channel after channel
pixels = np.asarray(square, np.float32).reshape(size, size, -1)[margin:margin + side, margin:margin + side]
numbers = ((pixels / 255 - mean) / std).astype(np.float32).transpose(2, 0, 1)[None]
logits = onnxruntime.InferenceSession(f"{folder}/onnx/model.onnx").run(None, {"input": numbers})[0][0]
powers = np.exp(logits - logits.max())
print(about["classes"][logits.argmax()], powers.max() / powers.sum())
