"""Every optimizer of the engine against ten lines of NumPy, 50 steps in float64."""

import math

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _core
from pronghorn.optimizers._optimizer import REGISTRY

KERNELS = [cls for cls in REGISTRY.objects() if cls._kernel]

N, INPUTS, OUTPUTS, STEPS = 24, 5, 3, 50


def sgd(t, w, g, s, lr, momentum, nesterov):
    if not momentum:
        return w - lr * g
    s["v"] = momentum * s.get("v", 0.0) - lr * g
    return w + (momentum * s["v"] - lr * g if nesterov else s["v"])


def rmsprop(t, w, g, s, lr, rho, momentum, epsilon, centered):
    s["r"] = rho * s.get("r", 0.0) + (1 - rho) * g * g
    r = s["r"]
    if centered:
        s["a"] = rho * s.get("a", 0.0) + (1 - rho) * g
        r = r - s["a"] ** 2
    step = lr * g / np.sqrt(r + epsilon)
    s["m"] = momentum * s.get("m", 0.0) + step
    return w - s["m"]


def adagrad(t, w, g, s, lr, initial_accumulator_value, epsilon):
    s["r"] = s.get("r", initial_accumulator_value) + g * g
    return w - lr * g / np.sqrt(s["r"] + epsilon)


def adadelta(t, w, g, s, lr, rho, epsilon):
    s["r"] = rho * s.get("r", 0.0) + (1 - rho) * g * g
    u = s.get("u", 0.0)
    d = -np.sqrt(u + epsilon) / np.sqrt(s["r"] + epsilon) * g
    s["u"] = rho * u + (1 - rho) * d * d
    return w + lr * d


def ftrl(t, w, g, s, lr, **hyper):
    p = -hyper["learning_rate_power"]
    before = s.get("n", np.full_like(w, hyper["initial_accumulator_value"]))
    after = before + g * g
    rise = (after**p - before**p) / lr
    z = s.get("z", 0.0) + g + 2 * hyper["l2_shrinkage_regularization_strength"] * w - rise * w
    s["n"], s["z"] = after, z
    lasso = hyper["l1_regularization_strength"]
    ridge = 2 * hyper["l2_regularization_strength"] + hyper["beta"] / lr
    return (np.clip(z, -lasso, lasso) - z) / (after**p / lr + ridge)


def lion(t, w, g, s, lr, beta_1, beta_2):
    m = s.get("m", 0.0)
    s["m"] = beta_2 * m + (1 - beta_2) * g
    return w - lr * np.sign(beta_1 * m + (1 - beta_1) * g)


def adam(t, w, g, s, lr, beta_1, beta_2, epsilon, amsgrad):
    s["m"] = beta_1 * s.get("m", 0.0) + (1 - beta_1) * g
    s["v"] = beta_2 * s.get("v", 0.0) + (1 - beta_2) * g * g
    s["top"] = np.maximum(s.get("top", 0.0), s["v"])
    rate = lr * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - rate * s["m"] / (np.sqrt(s["top"] if amsgrad else s["v"]) + epsilon)


def adamax(t, w, g, s, lr, beta_1, beta_2, epsilon):
    s["m"] = beta_1 * s.get("m", 0.0) + (1 - beta_1) * g
    s["u"] = np.maximum(beta_2 * s.get("u", 0.0), abs(g))
    return w - lr * s["m"] / ((1 - beta_1**t) * (s["u"] + epsilon))


def nadam(t, w, g, s, lr, beta_1, beta_2, epsilon):
    def mu(k):
        return beta_1 * (1 - 0.5 * 0.96**k)

    s["m"] = beta_1 * s.get("m", 0.0) + (1 - beta_1) * g
    s["v"] = beta_2 * s.get("v", 0.0) + (1 - beta_2) * g * g
    now = math.prod(mu(k) for k in range(1, t + 1))
    m = mu(t + 1) * s["m"] / (1 - now * mu(t + 1)) + (1 - mu(t)) * g / (1 - now)
    return w - lr * m / (np.sqrt(s["v"] / (1 - beta_2**t)) + epsilon)


def lamb(t, w, g, s, lr, beta_1, beta_2, epsilon):
    s["m"] = beta_1 * s.get("m", 0.0) + (1 - beta_1) * g
    s["v"] = beta_2 * s.get("v", 0.0) + (1 - beta_2) * g * g
    u = s["m"] / (1 - beta_1**t) / (np.sqrt(s["v"] / (1 - beta_2**t)) + epsilon)
    norms = np.linalg.norm(w), np.linalg.norm(u)
    return w - lr * (norms[0] / norms[1] if min(norms) > 0 else 1.0) * u


def adafactor(t, w, g, s, lr, **hyper):
    square = g * g + hyper["epsilon_1"]
    keep = 1 - t ** hyper["beta_2_decay"]
    if w.ndim < 2:
        s["v"] = keep * s.get("v", 0.0) + (1 - keep) * square
    else:
        s["r"] = keep * s.get("r", 0.0) + (1 - keep) * square.mean(axis=-1)
        s["c"] = keep * s.get("c", 0.0) + (1 - keep) * square.mean(axis=-2)
        share = s["r"] / s["r"].mean(axis=-1, keepdims=True)
        s["v"] = share[..., :, None] * s["c"][..., None, :]
    u = g / np.sqrt(s["v"])
    u = u / max(1.0, np.sqrt((u * u).mean()) / hyper["clip_threshold"])
    size = max(hyper["epsilon_2"], np.sqrt((w * w).mean()))
    return w - size * min(lr, 1 / math.sqrt(t)) * u


def schedule_free_adamw(t, w, g, s, lr, beta_1, beta_2, epsilon, warmup_steps):
    x, z = s.get("x", s["start"]), s.get("z", s["start"])
    shrunk = w - ((1 - beta_1) * z + beta_1 * x)  # what weight decay took
    s["v"] = beta_2 * s.get("v", 0.0) + (1 - beta_2) * g * g
    rate = lr * min(1.0, t / warmup_steps) if warmup_steps else lr
    s["z"] = z - rate * g / (np.sqrt(s["v"] / (1 - beta_2**t)) + epsilon)
    s["x"] = (1 - 1 / t) * (x + shrunk / beta_1) + s["z"] / t
    return (1 - beta_1) * s["z"] + beta_1 * s["x"]


def muon(t, w, g, s, lr, **hyper):
    if w.ndim != 2:
        return adam(
            t, w, g, s, lr, hyper["adam_beta_1"], hyper["adam_beta_2"], hyper["epsilon"], False
        )
    mu = hyper["momentum"]
    s["m"] = mu * s.get("m", 0.0) + g
    x = g + mu * s["m"] if hyper["nesterov"] else s["m"]
    turned = w.shape[0] > w.shape[1]
    x = x.T if turned else x
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(hyper["ns_steps"]):
        a = x @ x.T
        x = hyper["muon_a"] * x + (hyper["muon_b"] * a + hyper["muon_c"] * a @ a) @ x
    scale = 1.0 if hyper["rms_rate"] is None else hyper["rms_rate"] * math.sqrt(max(w.shape))
    return w - lr * scale * (x.T if turned else x)


RULES = {
    "SGD": sgd,
    "RMSprop": rmsprop,
    "Adagrad": adagrad,
    "Adadelta": adadelta,
    "Adam": adam,
    "AdamW": adam,
    "Adamax": adamax,
    "Nadam": nadam,
    "Lion": lion,
    "Ftrl": ftrl,
    "Lamb": lamb,
    "Adafactor": adafactor,
    "ScheduleFreeAdamW": schedule_free_adamw,
    "Muon": muon,
}
VARIANTS = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"nesterov": True}],
    "RMSprop": [{}, {"momentum": 0.5}, {"centered": True}, {"centered": True, "momentum": 0.5}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.0}],
    "Adadelta": [{}, {"rho": 0.5}],
    "Adam": [{}, {"amsgrad": True}, {"beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-3}],
    "AdamW": [{}, {"weight_decay": 0.1, "amsgrad": True}],
    "Adamax": [{}, {"beta_1": 0.5}],
    "Nadam": [{}, {"beta_1": 0.5}],
    "Ftrl": [
        {},
        {"initial_accumulator_value": 0.0, "learning_rate_power": -0.7},
        {
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
            "beta": 0.5,
        },
    ],
    "Lion": [{}, {"beta_1": 0.5, "beta_2": 0.7}],
    "Lamb": [{}, {"beta_1": 0.5, "epsilon": 1e-2}],
    "Adafactor": [{}, {"beta_2_decay": -0.5, "epsilon_2": 0.5, "clip_threshold": 0.5}],
    "ScheduleFreeAdamW": [{}, {"beta_1": 0.7, "warmup_steps": 20, "epsilon": 1e-3}],
    "Muon": [
        {"adam_weight_decay": None, "weight_decay": None},
        {
            "ns_steps": 3,
            "nesterov": False,
            "rms_rate": None,
            "weight_decay": 0.1,
            "adam_weight_decay": 0.1,
            "momentum": 0.5,
        },
    ],
}
COMMON = [
    {},
    {"weight_decay": 0.05},
    {"clipnorm": 0.02},
    {"clipvalue": 0.005},
    {"global_clipnorm": 0.02},
    {"gradient_accumulation_steps": 5, "clipnorm": 0.02},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
]
RATE = {"Adadelta": 1.0, "Adagrad": 0.1, "Ftrl": 0.1}


def cases():
    for cls in KERNELS:
        for variant in VARIANTS[cls.__name__]:
            yield cls, variant
        for common in COMMON[1:]:
            decay = common.get("weight_decay")
            muon = {"weight_decay": decay, "adam_weight_decay": decay}
            yield cls, {**common, **(muon if cls.__name__ == "Muon" else {})}


def clip(gradients, settings):
    if "clipvalue" in settings:
        return [np.clip(g, -settings["clipvalue"], settings["clipvalue"]) for g in gradients]
    if "clipnorm" in settings:
        limit = settings["clipnorm"]
        return [g * limit / max(np.linalg.norm(g), limit) for g in gradients]
    if "global_clipnorm" in settings:
        limit = settings["global_clipnorm"]
        norm = math.sqrt(sum((g**2).sum() for g in gradients))
        return [g * limit / max(norm, limit) for g in gradients]
    return gradients


def reference(rule, weights, x, y, rates, hyper, settings):
    """Batch gradient descent of x W + b with mean squared error."""
    weights, slots = [w.copy() for w in weights], [{"start": w} for w in weights]
    decay = settings.get("weight_decay") or 0.0
    every = settings.get("gradient_accumulation_steps") or 1
    sums, averages, updates = [0.0, 0.0], [w.copy() for w in weights], 0
    for step, rate in enumerate(rates, 1):
        error = 2.0 * (x @ weights[0] + weights[1] - y) / y.size
        sums = [s + g for s, g in zip(sums, [x.T @ error, error.sum(axis=0)], strict=True)]
        kept = settings.get("ema_momentum", 0.0) if updates else 0.0
        overwrite = (updates + 1) % (settings.get("ema_overwrite_frequency") or math.inf) == 0
        if step % every == 0:
            updates += 1
            for i, g in enumerate(clip([s / every for s in sums], settings)):
                w = weights[i] * (1 - decay * rate)
                weights[i] = rule(updates, w, g, slots[i], rate, **hyper)
            sums = [0.0, 0.0]
        averages = [kept * a + (1 - kept) * w for a, w in zip(averages, weights, strict=True)]
        if overwrite:
            weights = [a.copy() for a in averages]
    return averages if settings.get("use_ema") else weights


def problem(dtype="float64"):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(N, INPUTS))
    y = x @ rng.normal(size=(INPUTS, OUTPUTS)) + rng.normal(size=(N, OUTPUTS))
    weights = [rng.normal(size=(INPUTS, OUTPUTS)), rng.normal(size=OUTPUTS)]
    model = keras.Sequential(
        [keras.Input((INPUTS,), dtype=dtype), keras.layers.Dense(OUTPUTS, dtype=dtype)]
    )
    model.set_weights(weights)
    return model, x, y, weights


@pytest.mark.parametrize(
    ("cls", "settings"), list(cases()), ids=lambda v: getattr(v, "__name__", str(v))
)
@pytest.mark.parametrize("path", ["fit", "train_on_batch"])
def test_against_numpy(cls, settings, path):
    model, x, y, weights = problem()
    rate = RATE.get(cls.__name__, 0.02)
    optimizer = cls(learning_rate=rate, **settings)
    model.compile(optimizer, "mse")
    if path == "train_on_batch":
        for _ in range(STEPS):
            model.train_on_batch(x, y)
        optimizer.finalize_variable_values(model.trainable_weights)
    else:
        model.fit(x, y, batch_size=N, epochs=STEPS, shuffle=False, verbose=0)
    hyper = {name: getattr(optimizer, name) for name in cls._hyper}
    decayed = {**settings, "weight_decay": optimizer.weight_decay}
    expected = reference(RULES[cls.__name__], weights, x, y, [rate] * STEPS, hyper, decayed)
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
        assert abs(theirs - weights[theirs.ndim == 1]).max() > 1e-3  # it has moved
    assert optimizer.iterations == STEPS // (optimizer.gradient_accumulation_steps or 1)


class Own(keras.layers.Layer):
    """A layer that only Python computes."""

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], OUTPUTS), name="kernel")
        self.bias = self.add_weight((OUTPUTS,), name="bias")
        self.built = True

    def call(self, x):
        if float(keras.ops.sum(x)) == math.inf:  # what a graph cannot hold
            raise ValueError
        return x @ self.kernel + self.bias


@pytest.mark.parametrize("settings", COMMON[1:], ids=str)
@pytest.mark.parametrize("cls", [keras.optimizers.Adam, keras.optimizers.Lamb])
@pytest.mark.parametrize("mode", ["split", "recorded"])
def test_run_modes(mode, cls, settings):
    model, x, y, weights = problem()
    if mode == "recorded":
        model = keras.Sequential([keras.Input((INPUTS,)), Own(dtype="float64")])
        model.set_weights(weights)
    optimizer = cls(learning_rate=0.02, **settings)
    model.compile(optimizer, "mse", run_eagerly=True)
    model.fit(x, y, batch_size=N, epochs=12, shuffle=False, verbose=0)
    assert model.run_mode == mode
    hyper = {name: getattr(optimizer, name) for name in cls._hyper}
    expected = reference(RULES[cls.__name__], weights, x, y, [0.02] * 12, hyper, settings)
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)  # the loss is of float32
    assert optimizer.iterations == 12 // (optimizer.gradient_accumulation_steps or 1)


@pytest.mark.parametrize("name", ["Adam", "Lamb", "Muon"])
def test_threads_do_not_change_the_bits(name):
    found = []
    _core.set_parallel_threshold(0.0)  # every phase goes to the team
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        model = keras.Sequential(
            [keras.Input((20,)), keras.layers.Dense(70, "tanh"), keras.layers.Dense(3)]
        )
        rng = np.random.default_rng(3)
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        settings = {"use_ema": True, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2}
        model.compile(getattr(keras.optimizers, name)(0.01, **settings), "mse")
        x, y = rng.normal(size=(512, 20)), rng.normal(size=(512, 3))
        model.fit(x, y, batch_size=128, epochs=3, verbose=0, shuffle=False)
        found.append(b"".join(w.tobytes() for w in model.get_weights()))
    _core.set_num_threads(0)
    _core.set_parallel_threshold(80e-6)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    "schedule",
    [
        keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5),
        keras.optimizers.schedules.PiecewiseConstantDecay([10, 20], [0.1, 0.05, 0.2]),
        keras.optimizers.schedules.CosineDecay(0.01, 30, warmup_target=0.1, warmup_steps=15),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_schedules_in_fit(schedule):
    model, x, y, weights = problem()
    model.compile(keras.optimizers.SGD(schedule, momentum=0.5), "mse")
    model.fit(x, y, batch_size=N, epochs=STEPS, shuffle=False, verbose=0)
    rates = [schedule(step) for step in range(STEPS)]
    expected = reference(sgd, weights, x, y, rates, {"momentum": 0.5, "nesterov": False}, {})
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert model.optimizer.learning_rate == np.float32(schedule(STEPS))


def test_rate_of_every_batch_comes_from_the_schedule():
    """Several batches in one pass: the rate changes between them."""
    model, x, y, weights = problem()
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5)
    model.compile(keras.optimizers.SGD(schedule), "mse")
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    expected = [w.copy() for w in weights]
    for step in range(6):
        rows = slice(8 * (step % 3), 8 * (step % 3) + 8)
        expected = reference(
            sgd,
            expected,
            x[rows],
            y[rows],
            [schedule(step)],
            {"momentum": 0.0, "nesterov": False},
            {},
        )
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_settings_changed_between_epochs():
    model, x, y, weights = problem()
    optimizer = keras.optimizers.SGD(0.02, momentum=0.9)
    model.compile(optimizer, "mse")
    model.fit(x, y, batch_size=N, epochs=3, shuffle=False, verbose=0)
    optimizer.learning_rate = 0.01
    model.fit(x, y, batch_size=N, epochs=3, shuffle=False, verbose=0)
    hyper = {"momentum": 0.9, "nesterov": False}
    expected = reference(sgd, weights, x, y, [0.02] * 3 + [0.01] * 3, hyper, {})
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_compiling_again_keeps_the_state():
    model, x, y, weights = problem()
    optimizer = keras.optimizers.Nadam(0.02)
    for steps in (3, 4):
        model.compile(optimizer, "mse", metrics=["mae"])
        model.fit(x, y, batch_size=N, epochs=steps, shuffle=False, verbose=0)
    assert optimizer.iterations == 7
    hyper = {name: getattr(optimizer, name) for name in type(optimizer)._hyper}
    expected = reference(nadam, weights, x, y, [0.02] * 7, hyper, {})
    np.testing.assert_allclose(model.get_weights()[0], expected[0], rtol=1e-8)


def test_callbacks_set_the_rate():
    model, x, y, weights = problem()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(
        x, y, batch_size=N, epochs=3, shuffle=False, verbose=0, callbacks=[halve]
    ).history
    assert history["learning_rate"] == np.float32([0.05, 0.025, 0.0125]).tolist()
    hyper = {"momentum": 0.0, "nesterov": False}
    expected = reference(sgd, weights, x, y, [0.05, 0.025, 0.0125], hyper, {})
    # The callback is told the rate with float32's precision.
    np.testing.assert_allclose(model.get_weights()[0], expected[0], rtol=1e-7)


@pytest.mark.parametrize("cls", KERNELS, ids=lambda cls: cls.__name__)
def test_state_is_shown(cls):
    model, x, y, _ = problem()
    optimizer = cls()
    model.compile(optimizer, "mse")
    model.train_on_batch(x, y)
    shown = optimizer.variables
    assert [variable.name for variable in shown[:2]] == ["iteration", "learning_rate"]
    assert int(shown[0].numpy()) == 1
    assert {variable.shape for variable in shown[2:]} <= {
        (INPUTS, OUTPUTS),
        (INPUTS,),
        (OUTPUTS,),
        (),
    }


@pytest.mark.parametrize("cls", KERNELS, ids=lambda cls: cls.__name__)
def test_float32_follows_float64(cls):
    results = []
    for dtype in ("float32", "float64"):
        model, x, y, _ = problem(dtype)
        model.compile(cls(learning_rate=RATE.get(cls.__name__, 0.02)), "mse")
        model.fit(x, y, batch_size=N, epochs=STEPS, shuffle=False, verbose=0)
        results.append(model.get_weights())
    for single, double in zip(*results, strict=True):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=2e-4, atol=2e-5)


def test_one_optimizer_for_two_models():
    """As in Keras on JAX it has one state and one count, whichever model takes the step."""
    optimizer = keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), momentum=0.5
    )
    models = []
    for _ in range(2):
        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="float64")
        models.append(keras.Sequential([keras.Input((1,)), layer]))
        models[-1].compile(optimizer, "mse")
    w, v = [1.0, 1.0], 0.0
    for step in range(6):
        models[step % 2].train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
        v = 0.5 * v - 0.1 * 0.5**step * 2 * w[step % 2]
        w[step % 2] += v
    assert optimizer.iterations == 6
    found = [model.get_weights()[0].item() for model in models]
    np.testing.assert_allclose(found, w, rtol=1e-7)


@pytest.mark.parametrize(
    ("optimizer", "name", "value"),
    [
        (keras.optimizers.SGD(0.01), "momentum", 0.9),
        (keras.optimizers.SGD(0.01, momentum=0.9), "momentum", 0.0),
        (keras.optimizers.RMSprop(0.01), "centered", True),
        (keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True), "momentum", 0.0),
        (keras.optimizers.Adam(0.01), "amsgrad", True),
    ],
)
def test_what_needs_other_state_cannot_be_switched_on_the_way(optimizer, name, value):
    model, x, y, _ = problem()
    model.compile(optimizer, "mse")
    model.train_on_batch(x, y)
    before = getattr(optimizer, name)
    setattr(optimizer, name, value)
    with pytest.raises(ValueError, match="other state than it was compiled with"):
        model.train_on_batch(x, y)
    setattr(optimizer, name, before)
    model.train_on_batch(x, y)
    assert optimizer.iterations == 2


@pytest.mark.parametrize("clip", [{}, {"clipnorm": 100.0}])
@pytest.mark.parametrize("way", ["names", "variables", "apply"])
def test_weight_decay_leaves_variables_alone(way, clip):
    """Fused and not, in `fit` and by `apply`: the bias is not decayed, the kernel is."""
    model, x, y, weights = problem()
    bias = model.layers[0].bias
    optimizer = keras.optimizers.SGD(0.05, weight_decay=0.5, **clip)
    excluded = {"var_list": [bias]} if way == "variables" else {"var_names": ["bias"]}
    optimizer.exclude_from_weight_decay(**excluded)
    error = 2.0 * (x @ weights[0] + weights[1] - y) / y.size
    gradients = [x.T @ error, error.sum(axis=0)]
    if way == "apply":
        optimizer.apply(gradients, model.trainable_weights)
    else:
        model.compile(optimizer, "mse")
        model.train_on_batch(x, y)
    kernel = weights[0] * (1 - 0.05 * 0.5) - 0.05 * gradients[0]
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-9)
    np.testing.assert_allclose(model.get_weights()[1], weights[1] - 0.05 * gradients[1], rtol=1e-9)
    with pytest.raises(ValueError, match="built"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])
