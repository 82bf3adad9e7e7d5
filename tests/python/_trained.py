"""Networks and their training, for tests of what threads change."""

import numpy as np

import pronghorn as keras


def mlp():
    return [
        keras.Input((37,)),
        keras.layers.Dense(70, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(33, activation="gelu", kernel_regularizer="l2"),
        keras.layers.Dense(5, activation="softmax"),
    ]


def build(kind, dtype="float32"):
    keras.config.set_floatx(dtype)
    try:
        if kind == "residual":
            inputs = keras.Input((37,))
            x = keras.layers.Dense(48, activation="tanh")(inputs)
            x = x + keras.layers.Dense(48, activation="relu")(x)
            x = keras.layers.Concatenate()([x, inputs])
            model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))
            optimizer = keras.optimizers.RMSprop(momentum=0.5, global_clipnorm=1.0)
        elif kind == "clipped":
            model = keras.Sequential(mlp())
            optimizer = keras.optimizers.Adam(clipnorm=0.5)
        elif kind == "wide":
            model = keras.Sequential(
                [
                    keras.Input((37,)),
                    keras.layers.Dense(400, activation="relu"),
                    keras.layers.Dense(300, activation="relu"),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
        else:
            model = keras.Sequential(mlp())
            optimizer = keras.optimizers.AdamW(0.01)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    finally:
        keras.config.set_floatx("float32")
    return model


def data(rows=323):
    rng = np.random.default_rng(9)
    x = rng.normal(size=(rows, 37)).astype(np.float32)
    return x, (x[:, :5] + 0.1 * rng.normal(size=(rows, 5))).argmax(axis=1)


def train(kind, dtype="float32", batch_size=32):
    """Three epochs from the same seed; everything that comes out, as bytes."""
    keras.utils.set_random_seed(5)
    model = build(kind, dtype)
    x, y = data()
    history = model.fit(
        x, y, batch_size=batch_size, epochs=3, validation_split=0.2, verbose=0
    ).history
    results = [
        *model.get_weights(),
        *history.values(),
        model.predict(x, verbose=0),
    ]
    return [np.asarray(result).tobytes() for result in results]
