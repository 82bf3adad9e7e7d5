"""Rules of optimizers in NumPy, and a linear problem to run them on."""

import math

import numpy as np

import pronghorn as keras

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


RATE = {"Adadelta": 0.75, "Adagrad": 0.1, "Ftrl": 0.1}


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
