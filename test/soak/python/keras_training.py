import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy
from ending import kill_at
from stillroom import outputs, params
from stillroom.keras import StillroomCallback

keras.utils.set_random_seed(1)
x = numpy.random.default_rng(1).normal(size=(64, 3))
y = x @ [1.0, 2.0, 3.0]


class Killing(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        kill_at(callback.epoch, epoch)


callback = StillroomCallback(params.epochs)
model = callback.resumed()
print("begun" if model is None else "resumed", flush=True)
if model is None:
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(params.rate), "mse")
model.fit(x, y, initial_epoch=callback.epoch, epochs=params.epochs, callbacks=[callback, Killing()], verbose=0)
outputs.model.write_text(repr(model.get_weights()[0].tolist()))
