"""Writes a model card (Markdown) of an exported model: what it is, what it was trained on, how well it does. Standard library only."""

import argparse
import hashlib
import json


def varint(data, at):
    """Reads one protobuf varint: its value and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """The fields of one protobuf message as (number, value): bytes where they have a length, else an integer or raw bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            length, at = varint(data, at) if kind == 2 else (8 if kind == 1 else 4, at)
            value, at = data[at : at + length], at + length
        yield key >> 3, value


def metadata(model):
    """The texts that an ONNX file says of itself: field 14 of its ModelProto holds messages of key (1) and value (2)."""
    pairs = [dict(fields(value)) for number, value in fields(model) if number == 14]
    return {pair[1].decode(): pair.get(2, b"").decode() for pair in pairs}


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def card(name, model, results, counts):
    """The card's text."""
    facts = metadata(model)
    rows = []
    for index, label in enumerate(results["classes"]):
        own = results["by_class"][index]
        rows.append([label, counts["train"][index], counts["test"][index], "–" if own is None else f"{own:.1%}"])
    mean, std = (", ".join(f"{value:.5f}" for value in json.loads(facts[key])) for key in ("mean", "std"))
    channels = "grey" if facts["channels"] == "1" else "RGB"
    return f"""# {name}

{facts["architecture"]}, {len(rows)} classes, {channels} images of {facts["size"]} × {facts["size"]}, {len(model) / 1e6:.1f} MB as ONNX.

**Accuracy on {results["count"]:,} test images: {results["accuracy"]:.1%}.** No other stage of the pipeline saw them.

{table(["class", "training images", "test images", "accuracy"], rows)}

## How to use it

Give `input` as batch × {facts["channels"]} × {facts["size"]} × {facts["size"]} float32, normalised as {facts["preprocessing"]},
with mean {mean} and std {std} (of values in 0…1, one for each channel). The output `logits` has one number a class, in the order of
the table.

## Where it comes from

Distilled from five teachers, each trained on four fifths of the training images. SHA-256 of the ONNX file:
`{hashlib.sha256(model).hexdigest()}`
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ["name", "model", "results", "counts", "out"]:
        parser.add_argument(f"--{option}", required=True)
    given = parser.parse_args()
    with open(given.model, "rb") as file:
        model = file.read()
    with open(given.results, encoding="utf-8") as file:
        results = json.load(file)
    with open(given.counts, encoding="utf-8") as file:
        counts = json.load(file)
    with open(given.out, "w", encoding="utf-8") as file:
        file.write(card(given.name, model, results, counts))


if __name__ == "__main__":
    main()
