"""Learns a noisy function of two variables, with a learning rate that decays and early stopping."""

import numpy as np

import pronghorn as keras

keras.utils.set_random_seed(2)
rng = np.random.default_rng(2)
x = rng.uniform(-1.0, 1.0, size=(4000, 2))
clean = np.sin(3.0 * x[:, 0]) * np.cos(2.0 * x[:, 1])
y = clean + rng.normal(0.0, 0.05, size=clean.shape)

model = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        keras.layers.Dense(64, activation="tanh"),
        keras.layers.Dense(64, activation="tanh"),
        keras.layers.Dense(1),
    ]
)
schedule = keras.optimizers.schedules.CosineDecay(0.005, decay_steps=60 * 100)
model.compile(optimizer=keras.optimizers.Adam(schedule), loss="mse", metrics=["mae"])
history = model.fit(
    x[:3200],
    y[:3200],
    epochs=60,
    verbose=0,
    validation_data=(x[3200:], y[3200:]),
    callbacks=[keras.callbacks.EarlyStopping(patience=15, restore_best_weights=True)],
)

error = model.predict(x[3200:], verbose=0)[:, 0] - clean[3200:]
losses = history.history["val_loss"]
print(f"{len(losses)} epochs, validation loss {min(losses):.5f}")
print(f"root mean squared error against the noiseless function: {np.sqrt(np.mean(error**2)):.4f}")
