"""MultiOptimizer, LossScaleOptimizer and optimizers of one's own, against NumPy."""

import copy
import pickle

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, optimizers
from pronghorn.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap


class Momentum(optimizers.Optimizer):
    def __init__(self, learning_rate=0.1, momentum=0.5, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.moments = self.add_optimizer_variables(variables, "moment")

    def update_step(self, gradient, variable, learning_rate):
        moment = self.moments[self._get_variable_index(variable)]
        self.assign(moment, self.momentum * moment - learning_rate * gradient)
        self.assign_add(variable, moment)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


def _data(rows=12):
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, 3)), rng.standard_normal((rows, 1))


def _model(optimizer):
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "tanh", name="a"), layers.Dense(1, name="b")]
    )
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    model.set_weights([rng.standard_normal(w.shape) for w in model.get_weights()])
    model.compile(optimizer, "mse")
    return model


def _trained(optimizer, mode):
    x, y = _data()
    model = _model(optimizer)
    model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    assert model.run_mode == mode
    return model.get_weights()


def _assert_close(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


SETTINGS = [
    {},
    {"clipnorm": 0.1},
    {"global_clipnorm": 0.1, "weight_decay": 0.01},
    {"global_clipnorm": 100.0},
    {"clipvalue": 0.05, "loss_scale_factor": 4.0},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.5},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_written_rule_trains_as_the_same_rule_of_the_engine(settings):
    own = _trained(Momentum(0.1, **settings), "split")
    _assert_close(own, _trained(SGD(0.1, momentum=0.5, **settings), "compiled"))


def test_wrappers_of_one_optimizer_train_as_it_does():
    plain = _trained(Adam(0.05, clipnorm=0.2), "compiled")
    _assert_close(_trained(MultiOptimizer(OptimizerMap(Adam(0.05, clipnorm=0.2))), "split"), plain)
    _assert_close(_trained(LossScaleOptimizer(Adam(0.05, clipnorm=0.2)), "split"), plain)


def test_each_variable_has_its_optimizer():
    chosen = OptimizerMap(SGD(0.0))
    chosen[".*b/.*"] = SGD(0.1)
    before = _model("sgd").get_weights()
    after = _trained(MultiOptimizer(chosen), "split")
    assert [np.array_equal(a, b) for a, b in zip(after, before, strict=True)] == [
        True, True, False, False
    ]  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        lambda: Momentum(0.1, use_ema=True),
        lambda: MultiOptimizer(OptimizerMap(SGD(0.1), {".*a/.*": Adam(0.01)})),
        lambda: LossScaleOptimizer(Adam(0.01), dynamic_growth_steps=2),
    ],
)
def test_copies_and_files_go_on_with_the_state(make, tmp_path):
    x, y = _data()
    model = _model(make())
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = _model(make())
    fresh.load_weights(tmp_path / "model.weights.h5")
    with keras.utils.custom_object_scope({"Momentum": Momentum}):
        loaded = keras.models.load_model(tmp_path / "model.keras")
    twins = [loaded, fresh, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    for each in (model, *twins):
        each.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    for twin in twins:
        _assert_close(twin.get_weights(), model.get_weights())
        for mine, theirs in zip(twin.optimizer.variables, model.optimizer.variables, strict=True):
            np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-7)


def test_what_cannot_be_is_said():
    with pytest.raises(TypeError, match="`default_optimizer` must be an Optimizer"):
        OptimizerMap("sgd")
    chosen = OptimizerMap(SGD(), {"a.*": Adam()})
    with pytest.raises(ValueError, match="has an optimizer already"):
        chosen["a.*"] = SGD()
    with pytest.raises(ValueError, match="no regular expression"):
        chosen["("] = SGD()
    with pytest.raises(ValueError, match="wraps no others"):
        chosen["b"] = LossScaleOptimizer(SGD())
    chosen["ab.*"] = SGD()
    with pytest.raises(ValueError, match="Several optimizers are assigned to 'abc'"):
        chosen["abc"]
    with pytest.raises(AttributeError, match="has no learning rate"):
        MultiOptimizer(chosen).learning_rate  # noqa: B018
    with pytest.raises(TypeError, match="`optimizer_map` must be an OptimizerMap or a function"):
        MultiOptimizer(SGD())
    with pytest.raises(ValueError, match="has no `clipnorm`; set it on the `inner_optimizer`"):
        LossScaleOptimizer(SGD(), clipnorm=1.0)
    with pytest.raises(TypeError, match="`inner_optimizer` must be an Optimizer"):
        LossScaleOptimizer("sgd")
    with pytest.raises(ValueError, match="must be an Optimizer that wraps no others"):
        MultiOptimizer(lambda variable: "sgd").build([keras.Variable([1.0])])
    optimizer = Momentum()
    optimizer.build([keras.Variable([1.0], name="w")])
    with pytest.raises(ValueError, match="Unknown variable 'v'"):
        optimizer.apply([np.ones(1)], [keras.Variable([1.0], name="v")])
    with pytest.raises(ValueError, match=r"must have its shape \(1,\)"):
        optimizer.apply([np.ones(2)])


def _halves(kind):
    """A subclass that gives half of each gradient to the built-in rule."""

    class Half(kind):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient / 2, variable, learning_rate)

    return Half


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (SGD, {"momentum": 0.9, "nesterov": True}),
        (Adam, {"amsgrad": True, "weight_decay": 0.1}),
        (optimizers.Nadam, {"gradient_accumulation_steps": 2, "use_ema": True}),
        (optimizers.Adafactor, {}),
        (optimizers.Muon, {}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_subclass_may_call_the_built_in_rule(kind, settings):
    """As the built-in optimizer does with half of the gradients."""
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(shape) for shape in ((3, 4), (4,))]
    steps = [[rng.standard_normal(w.shape) for w in start] for _ in range(4)]
    results = []
    for make, factor in ((kind, 0.5), (_halves(kind), 1.0)):
        weights = [keras.Variable(w, dtype="float64", name=f"w{w.ndim}") for w in start]
        optimizer = make(2.0**-7, name="same", **settings)
        for gradients in steps:
            optimizer.apply([factor * g for g in gradients], weights)
        state = {v.path: v.numpy() for v in optimizer.variables if "gradient_acc" not in v.path}
        results.append((weights, state))
    for mine, theirs in zip(results[1][0], results[0][0], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)
    assert results[1][1].keys() == results[0][1].keys()
    for path, value in results[0][1].items():
        np.testing.assert_allclose(results[1][1][path], value, rtol=1e-9, err_msg=path)


def test_the_state_of_a_built_in_rule_goes_into_files(tmp_path):
    x, y = _data()
    model = _model(_halves(Adam)(0.1))
    model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    model.save_weights(tmp_path / "m.weights.h5")
    twin = _model(_halves(Adam)(0.1))
    twin.load_weights(tmp_path / "m.weights.h5")
    for each in (model, twin):
        each.fit(x, y, epochs=1, batch_size=4, shuffle=False, verbose=0)
    for mine, theirs in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_gradients_in_place_of_values():
    weight = keras.Variable([1.0], name="w")
    state = keras.Variable([1.0], name="s")
    state.overwrite_with_gradient = True
    optimizer = SGD(0.5)
    optimizer.apply([np.ones(1), np.full(1, 7.0)], [weight, state])
    assert (float(weight[0]), float(state[0])) == (0.5, 7.0)
    gathering = SGD(0.5, gradient_accumulation_steps=2)
    weight.assign([1.0])
    seen = []
    for number in (1.0, 2.0, -3.0, -4.0):
        gathering.apply([np.full(1, number), np.full(1, number)], [weight, state])
        seen.append((float(weight[0]), float(state[0])))
    # The mean moves weights; the largest, and 0, replaces values.
    assert seen == [(1.0, 7.0), (0.25, 2.0), (0.25, 2.0), (2.0, 0.0)]
    assert int(gathering.iterations) == 2


def test_the_state_belongs_to_its_weights():
    first, second = (keras.Variable([1.0, 2.0], name=name) for name in "ab")
    optimizer = Adam(0.1)
    optimizer.apply([np.array([1.0, 1.0]), np.array([3.0, 3.0])], [first, second])
    before = {v.name: v.numpy() for v in optimizer.variables}
    optimizer.apply([np.zeros(2), np.zeros(2)], [second, first])  # in another order
    after = {v.name: v.numpy() for v in optimizer.variables}
    for name in ("a_momentum", "b_momentum"):
        np.testing.assert_allclose(after[name], 0.9 * before[name], rtol=1e-6)
    with pytest.raises(ValueError, match="holds the state of other variables"):
        optimizer.apply([np.ones(2)] * 2, [keras.Variable([1.0, 2.0], name=n) for n in "cd"])


def test_callbacks_set_every_learning_rate(capsys):
    def optimizer():
        return MultiOptimizer(OptimizerMap(SGD(0.5, name="a"), {".*bias": SGD(0.25, name="b")}))

    x, y = _data()
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1)
    found = _model(optimizer()).fit(x, y, epochs=2, verbose=0, callbacks=[scheduler]).history
    np.testing.assert_allclose(found["learning_rate_a"], [0.25, 0.125])
    np.testing.assert_allclose(found["learning_rate_b"], [0.125, 0.0625])
    assert "setting b learning rate to 0.0625." in capsys.readouterr().out
    plateau = keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=1e9, min_lr=0.25)
    model = _model(optimizer())
    model.fit(x, y, epochs=3, verbose=0, callbacks=[plateau])
    assert [float(each.learning_rate) for each in model.optimizer.optimizers] == [0.25, 0.25]


def test_a_model_without_weights_that_runs_layer_by_layer_comes_back(tmp_path):
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, keras.ops.multiply(layers.Masking()(inputs), 2.0))
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.evaluate(np.ones((4, 3, 2)), np.ones((4, 3, 2)), verbose=0) == 1.0


def test_a_learning_rate_keeps_the_type_of_arrays():
    rate = SGD(0.5).learning_rate
    for kind in ("float32", "float64"):
        array = np.ones(3, kind)
        for result in (array * rate, rate * array, np.multiply(array, rate), array - rate):
            assert result.dtype == kind
            np.testing.assert_allclose(result, 0.5)


def test_what_a_multi_optimizer_passes_on():
    slow, fast = SGD(0.5, use_ema=True, ema_momentum=0.5), SGD(1.0, name="fast")
    chosen = OptimizerMap(slow, {"b": fast})
    assert chosen["ab"] is chosen["ba"] is slow  # a key has to match the whole path
    optimizer = MultiOptimizer(chosen)
    optimizer.loss_scale_factor = 4.0
    first, second = (keras.Variable([0.0], name=name) for name in "ab")
    for count in (1, 2):
        optimizer.apply([np.full(1, 4.0), np.full(1, 4.0)], [first, second])
        assert int(optimizer.iterations) == count
    assert optimizer.scale_loss(1.0) == 4.0
    assert (float(first[0]), float(second[0])) == (-1.0, -2.0)
    optimizer.finalize_variable_values([first, second])
    # The average began as -0.5 and moved half of the way to -1; the other optimizer keeps none.
    assert (float(first[0]), float(second[0])) == (-0.75, -2.0)


def test_a_loss_scale_moves_with_the_gradients():
    inner = SGD(1.0, loss_scale_factor=3.0, use_ema=True, ema_momentum=0.5)
    optimizer = LossScaleOptimizer(inner, 8.0, dynamic_growth_steps=2)
    assert inner.loss_scale_factor is None  # or gradients would be divided twice
    weight, state = keras.Variable([0.0]), keras.Variable([0.0])
    state.overwrite_with_gradient = True
    assert optimizer.scale_loss(1.0) == 8.0
    seen = []
    for gradient in (8.0, 8.0, np.inf, 8.0, np.nan, 4.0, 4.0):
        optimizer.apply([np.full(1, gradient), np.full(1, 7.0)], [weight, state])
        seen.append((float(weight[0]), float(optimizer.dynamic_scale)))
        assert float(state[0]) == 7.0  # it is no gradient of the loss
        assert optimizer.scale_loss(0.5) == 0.5 * seen[-1][1]
    # Two good steps in a row double the scale, a bad one is left out and halves it.
    expected = [(-1, 8), (-2, 16), (-2, 8), (-3, 8), (-3, 4), (-4, 4), (-5, 8)]
    assert seen == expected
    assert int(optimizer.iterations) == 5
    assert optimizer.scale_loss(1.0) == 8.0
    optimizer.finalize_variable_values([weight])
    # Averages after each good step: -1, -1.5, -2.25, -3.125, -4.0625.
    assert float(weight[0]) == -4.0625
