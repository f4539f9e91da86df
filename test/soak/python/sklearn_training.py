import numpy
from ending import kill_at
from sklearn.linear_model import SGDClassifier
from stillroom import checkpoint, outputs, params
from stillroom.sklearn import fit_partially

generator = numpy.random.default_rng(1)
x = generator.normal(size=(200, 3))
y = (x.sum(axis=1) > 0).astype(int)
print("begun" if checkpoint.folder is None else "resumed", flush=True)
first = None


def batches(epoch):
    global first
    first = epoch if first is None else first
    kill_at(first, epoch)
    return [(x[:100], y[:100]), (x[100:], y[100:])]


model = SGDClassifier(alpha=params.rate, random_state=1)
model = fit_partially(model, batches, epochs=params.epochs, classes=[0, 1], evaluate=lambda one: {"loss": 1 - one.score(x, y)})
outputs.model.write_text(repr(model.coef_.tolist()))
