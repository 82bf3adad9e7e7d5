"""The same classifier of handwritten digits, trained by one optimizer after another."""

import argparse

import pronghorn as keras

RACERS = ("Nadam", "Adam", "Adadelta", "Adagrad", "RMSprop", "SGD")


def study(quick: bool = False) -> dict[str, tuple[float, list[float]]]:
    """Test accuracy, and the training loss of each epoch, by optimizer."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    x_train, x_test = x_train.reshape(-1, 64) / 16, x_test.reshape(-1, 64) / 16
    results = {}
    for name in RACERS:
        keras.utils.set_random_seed(4)
        model = keras.Sequential(
            [
                keras.Input((64,)),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile(name, "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x_train, y_train, epochs=8 if quick else 30, verbose=0)
        accuracy = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
        results[name] = (accuracy, history.history["loss"])
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    results = study(parser.parse_args().quick)
    for name, (accuracy, losses) in results.items():
        print(f"{name:9} test accuracy {accuracy:.3f}, training loss {losses[-1]:.4f}")
    print("best:", max(results, key=lambda name: results[name][0]))

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for name, (_, losses) in results.items():
        axes.semilogy(losses, label=name)
    axes.set(xlabel="epoch", ylabel="training loss")
    axes.legend()
    figure.savefig("optimizer_race.png")


if __name__ == "__main__":
    main()
