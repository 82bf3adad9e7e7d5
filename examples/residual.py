"""Two interleaved spirals, told apart by a deep residual network (functional API, `x + y`)."""

import numpy as np

import pronghorn as keras

keras.utils.set_random_seed(3)
rng = np.random.default_rng(3)
turn = np.sqrt(rng.uniform(0.05, 1.0, size=2000)) * 3.0 * np.pi
label = rng.integers(0, 2, size=2000)
angle = turn + np.pi * label
points = np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1) / (3.0 * np.pi)
points += rng.normal(0.0, 0.01, size=points.shape)

inputs = keras.Input(shape=(2,))
x = keras.layers.Dense(32, activation="relu")(inputs)
for _ in range(4):
    y = keras.layers.Dense(32, activation="relu", kernel_initializer="he_normal")(x)
    x = x + y
outputs = keras.layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.summary()

model.compile(
    optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy", metrics=["accuracy"]
)
model.fit(points[:1600], label[:1600], epochs=60, batch_size=64, verbose=0)
loss, accuracy = model.evaluate(points[1600:], label[1600:], verbose=0)
print(f"held-out loss {loss:.4f}, accuracy {accuracy:.4f}")
