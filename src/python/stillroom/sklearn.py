"""For estimators of scikit-learn that have `partial_fit`: curves, progress, checkpoints and early stopping.

    from stillroom.sklearn import fit_partially

    model = fit_partially(SGDClassifier(random_state=1), batches, epochs=params.epochs, classes=[0, 1],
                          evaluate=lambda model: {"accuracy": model.score(held_out, labels)})
"""

import pickle

from . import checkpoint, metric, progress, stopping

_FILE = "model.pickle"


def fit_partially(model, batches, *, epochs, classes=None, evaluate=None):
    """Gives an estimator every batch of `batches` (pairs of X and y, a list or a function of the epoch) once an epoch.

    After each epoch the numbers of `evaluate(model)` are told and a checkpoint is kept, from which the next attempt goes on. Returns the
    fitted estimator.
    """
    start = 0
    if checkpoint.folder is not None:
        # Written by this function itself, into a folder that is the node's own.
        start, model = pickle.loads((checkpoint.folder / _FILE).read_bytes())
    known = {} if classes is None else {"classes": classes}
    for epoch in range(start, epochs):
        for features, labels in batches(epoch) if callable(batches) else batches:
            model.partial_fit(features, labels, **known)
        for name, value in (evaluate(model) if evaluate is not None else {}).items():
            metric(name, value, step=epoch)
        progress(epoch + 1, epochs, f"epoch {epoch + 1}")
        with checkpoint.save() as folder:
            (folder / _FILE).write_bytes(pickle.dumps((epoch + 1, model)))
        if stopping():
            raise SystemExit(1)
    return model
