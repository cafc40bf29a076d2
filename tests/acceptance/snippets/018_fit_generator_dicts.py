# fit_generator over a file, batches as dicts of named arrays.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

with open("my_file.txt", "w") as f:
    for i in range(12):
        f.write("%d %d %d\n" % (i, i + 1, 2 * i + 1))

reads = []

def parse(line):
    a, b, c = (float(v) for v in line.split())
    return np.array([[a]]), np.array([[b]]), np.array([[c]])

def rows_of(path):
    while 1:
        f = open(path)
        for line in f:
            x1, x2, y = parse(line)
            reads.append(line)
            yield ({"input_1": x1, "input_2": x2}, {"output": y})
        f.close()

in1 = keras.layers.Input(shape=(1,), name="input_1")
in2 = keras.layers.Input(shape=(1,), name="input_2")
out = keras.layers.Dense(1, name="output")(keras.layers.concatenate([in1, in2]))
model = keras.models.Model(inputs=[in1, in2], outputs=out)
model.compile("adam", "mse")
history = model.fit_generator(rows_of("my_file.txt"),
                              steps_per_epoch=10, epochs=3, verbose=0)
assert len(history.history["loss"]) == 3
assert history.epoch == [0, 1, 2]
assert len(reads) >= 30
