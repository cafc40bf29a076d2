# shuffle=True (the default) and shuffle=False.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

# Prediction is always 0 and the squared error of sample k is 2**k, so the sum
# of a batch's errors says which samples it held.
N, BATCH = 16, 4
i = keras.layers.Input(shape=(1,))
model = keras.models.Model(i, keras.layers.Dense(1, kernel_initializer="zeros")(i))
model.compile(keras.optimizers.SGD(0.0), "mse")
x = np.zeros((N, 1), "float32")
y = np.sqrt(2.0 ** np.arange(N)).astype("float32")[:, None]

class Members(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.epochs = []
    def on_epoch_begin(self, epoch, logs=None):
        self.total, self.batches = 0, []
    def on_train_batch_end(self, batch, logs=None):
        total = int(round(float(logs["loss"]) * BATCH * (batch + 1)))
        held, self.total = total - self.total, total
        self.batches.append({k for k in range(N) if held >> k & 1})
    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(self.batches)

def run(**how):
    members = Members()
    model.fit(x, y, batch_size=BATCH, epochs=6, verbose=0, callbacks=[members], **how)
    for batches in members.epochs:
        assert set().union(*batches) == set(range(N)), batches
    return members.epochs

straight = [set(range(k, k + BATCH)) for k in range(0, N, BATCH)]
assert all(batches == straight for batches in run(shuffle=False))
for how in ({}, {"shuffle": True}):
    epochs = run(**how)
    assert any(sorted(map(sorted, b)) != sorted(map(sorted, straight)) for b in epochs)
    assert any(b != epochs[0] for b in epochs[1:])     # anew before each epoch
