"""Bad input: a ValueError or TypeError that names the argument, and a model as it was before."""

import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import pronghorn as keras
from pronghorn import layers

X = np.random.default_rng(0).normal(size=(10, 4)).astype("float32")
LABELS = np.arange(10) % 3
NUMBERS = np.random.default_rng(1).normal(size=(10, 1)).astype("float32")


def compiled(units, activation, loss, **arguments):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(units, activation)])
    model.compile("adam", loss, **arguments)
    return model


MODELS = {
    "sparse": lambda: compiled(3, "softmax", "sparse_categorical_crossentropy"),
    "categorical": lambda: compiled(3, "softmax", "categorical_crossentropy"),
    "binary": lambda: compiled(1, "sigmoid", "binary_crossentropy"),
    "mse": lambda: compiled(1, None, "mse"),
}
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
GOOD = {"sparse": LABELS, "categorical": ONE_HOT, "binary": LABELS % 2, "mse": NUMBERS}


def with_at(array, value, index=3):
    array = np.array(array, dtype="float64")
    array.ravel()[index] = value
    return array


def case(model="sparse", match="", error=(ValueError, TypeError), **arguments):
    return pytest.param(model, arguments, match, error, id=match[:40] or None)


CASES = [
    # Features.
    case(x=X[:, :3], match=r"`x` does not fit the input 'x'.*\(samples, 4\), received \(10, 3\)"),
    case(x=X[0], match=r"expected shape \(samples, 4\), received \(4,\).*`x\[None\]`"),
    case(x=X[:, :, None, None], match=r"received \(10, 4, 1, 1\)"),
    case(x=np.float32(3), match="`x` must be an array with the samples along its first axis"),
    case(x=None, match="`x` is missing"),
    case(x=X.astype(object), match="`x` must hold real numbers.*dtype object"),
    case(x=X.astype(str), match="`x` must hold real numbers.*dtype <U.*astype"),
    case(x=X.astype(complex), match="`x` must hold real numbers.*complex128"),
    case(x=X.astype("datetime64[s]"), match="`x` must hold real numbers.*datetime64"),
    case(x=[[decimal.Decimal(1)] * 4] * 10, match="`x` must hold real numbers.*object"),
    case(x=[[1.0, 2.0], [3.0]], match="`x` is not a rectangular array"),
    case(x="features.csv", match="`x` must be an array of numbers. Received: str"),
    case(x=iter([1]), match="`x` must hold real numbers|When `x` is a list_iterator, `y`"),
    case(x=keras.Input((4,)), match="`x` must be an array of numbers. Received: .*KerasTensor"),
    case(x=pd.DataFrame(X).assign(name="a"), match="`x`.*column 'name'"),
    case(x={"y": X}, match=r"`x` is a dict and must have the keys \['x'\]"),
    case(x=[X, X], match=r"`x` does not fit|`x` must"),
    case(x=np.ma.masked_less(X, 0), match="`x` is a masked array"),
    # Lengths.
    case(y=LABELS[:7], match="same number of samples. Received `x`: 10, `y`: 7"),
    case(x=X[:0], y=LABELS[:0], match=r"`x` is empty: its shape is \(0, 4\)"),
    case(y=[], match="`y`"),
    case(sample_weight=np.ones(7), match=r"`sample_weight` must have one weight.*\(10,\).*\(7,\)"),
    case(sample_weight=np.ones((10, 2)), match=r"`sample_weight`.*Received shape \(10, 2\)"),
    case(sample_weight=with_at(np.ones(10), np.nan), match="`sample_weight` must be finite"),
    case(sample_weight=["a"] * 10, match="`sample_weight` must hold real numbers"),
    # Class numbers.
    case(y=None, match="`y` is missing.*sparse_categorical_crossentropy"),
    case(y=with_at(LABELS, 3), match=r"`y` must .* from 0 to 2.*3\.0 at 3 \(1 such"),
    case(y=with_at(LABELS, -1).astype(int), match="`y` must hold class numbers.*-1 at 3"),
    case(y=with_at(LABELS, 1.5), match=r"`y`.*must be integral. Received: 1\.5 at 3"),
    case(y=with_at(LABELS, np.nan), match="`y` must be finite. Received: nan at 3"),
    case(y=with_at(LABELS, np.inf), match="`y` must be finite. Received: inf at 3"),
    case(y=LABELS.astype("uint64") + 2**63, match="`y` must hold class numbers"),
    case(y=ONE_HOT, match="`y` has shape.*looks one-hot"),
    case(y=LABELS.astype(str), match="`y` must hold real numbers.*dtype <U"),
    case(y=np.array(["cat", "dog"] * 5, object), match="`y` must hold real numbers.*object"),
    case(y=LABELS.reshape(2, 5), match="`y` does not fit"),
    case(y=pd.Series(["a", "b"] * 5), match="`y` must hold real numbers"),
    case(y=pd.Series([1, None] * 5, dtype="Int64"), match="`y` must be finite"),
    # Other targets.
    case("categorical", y=LABELS, match="`y` has shape.*one-hot.*to_categorical"),
    case("categorical", y=ONE_HOT[:, :2], match=r"\(samples, 3\), received \(10, 2\)"),
    case("categorical", y=with_at(ONE_HOT, np.nan), match=r"`y` must be finite.*nan at \(1, 0\)"),
    case("binary", y=LABELS, match="`y` must lie between 0 and 1"),
    case("binary", y=with_at(LABELS % 2, np.nan), match="`y` must be finite"),
    case("binary", y=ONE_HOT, match="`y` does not fit the output"),
    case("mse", y=np.ones((10, 2)), match=r"`y` does not fit the output.*received \(10, 2\)"),
    case("mse", y=with_at(NUMBERS, np.inf), match="`y` must be finite. Received: inf"),
    case("mse", y=with_at(NUMBERS, 1e300), match="`y` must be finite. Received: inf"),
    case("mse", y=[NUMBERS, NUMBERS], match="`y`"),
]  # fmt: skip
FIT_CASES = [
    case(batch_size=0, match="`batch_size`"),
    case(batch_size=-1, match="`batch_size`"),
    case(batch_size=2.5, match="`batch_size`"),
    case(batch_size="8", match="`batch_size`"),
    case(epochs=-1, match="`epochs`"),
    case(epochs=1.5, match="`epochs`"),
    case(initial_epoch=-1, match="`initial_epoch`"),
    case(verbose=3, match="`verbose`"),
    case(verbose="loud", match="`verbose`"),
    case(shuffle="batch", match="`shuffle`"),
    case(steps_per_epoch=0, match="`steps_per_epoch`"),
    case(validation_split=1.0, match="`validation_split`"),
    case(validation_split=-0.1, match="`validation_split`"),
    case(validation_split=0.999, match="`validation_split` cuts 10 samples into 0"),
    case(validation_split="half", match="`validation_split`"),
    case(validation_freq=0, match="`validation_freq`"),
    case(validation_freq=[0], match="`validation_freq`"),
    case(validation_freq="all", match="`validation_freq`"),
    case(validation_data=X, match="`validation_data` must be"),
    case(validation_data=(X,), match="`validation_data` must be .*tuple of 1"),
    case(validation_data=(X, LABELS[:4]), match=r"`validation_data\[0\]`: 10, `validation_data"),
    case(validation_data=(X[:, :2], LABELS), match=r"`validation_data\[0\]` does not fit"),
    case(validation_data=(X, LABELS + 1), match=r"`validation_data\[1\]` must hold class numbers"),
    case(validation_data=(X, LABELS, np.ones(3)), match=r"`validation_data\[2\]` must have one"),
    case(validation_data=(X, LABELS), validation_batch_size=0, match="`validation_batch_size`"),
    case(validation_data=(X, LABELS), validation_steps=-2, match="`validation_steps`"),
    case(class_weight=[1, 2, 3], match="`class_weight` must be a dict"),
    case(class_weight={"a": 1.0}, match="`class_weight`.*'a'"),
    case(class_weight={0: "much"}, match="`class_weight`.*'much'"),
    case(class_weight={0: np.nan}, match="`class_weight`"),
    case(class_weight={0: 1.0}, sample_weight=np.ones(10), match="cannot be used together"),
    case(callbacks=["early"], match="`callbacks`"),
]  # fmt: skip


def check_unchanged(model, call, error, match):
    before = model.get_weights(), model.optimizer.iterations, model.history
    with pytest.raises(error, match=match):
        call()
    assert model.optimizer.iterations == before[1]
    assert model.history is before[2]
    for a, b in zip(before[0], model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("model", "arguments", "match", "error"), CASES)
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_bad_data(model, arguments, match, error, method, used):
    subject = MODELS[model]()
    good = {"x": X, "y": GOOD[model]}
    if used:
        subject.fit(**good, verbose=0)
    silent = {"verbose": 0} if method in ("fit", "evaluate") else {}
    call = getattr(subject, method)
    check_unchanged(subject, lambda: call(**{**good, **arguments}, **silent), error, match)
    call(**good, **silent)


@pytest.mark.parametrize(("model", "arguments", "match", "error"), FIT_CASES)
def test_bad_arguments_of_fit(model, arguments, match, error):
    subject = MODELS[model]()
    call = {"x": X, "y": GOOD[model], "verbose": 0, **arguments}
    check_unchanged(subject, lambda: subject.fit(**call), error, match)
    subject.fit(X, GOOD[model], verbose=0)


@pytest.mark.parametrize(
    "x", [X[:, :3], X[:0], None, "x", X.astype(object), X[0], [[1.0], [2.0, 3.0]], {"z": X}]
)
def test_bad_data_for_predict_and_calls(x):
    model = MODELS["mse"]()
    for call in (
        lambda: model.predict(x, verbose=0),
        lambda: model.predict_on_batch(x),
        lambda: model(x),
    ):
        with pytest.raises((ValueError, TypeError), match=r"`(x|inputs)`"):
            call()


@pytest.mark.parametrize("arguments", [{"batch_size": 0}, {"steps": 0}, {"verbose": 9}])
def test_bad_arguments_of_predict_and_evaluate(arguments):
    model = MODELS["mse"]()
    name = next(iter(arguments))
    with pytest.raises((ValueError, TypeError), match=f"`{name}`"):
        model.predict(X, **{"verbose": 0, **arguments})
    with pytest.raises((ValueError, TypeError), match=f"`{name}`"):
        model.evaluate(X, NUMBERS, **{"verbose": 0, **arguments})


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_before_compile(method):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=rf"call `compile\(optimizer, loss\)` before `{method}`"):
        getattr(model, method)(X, NUMBERS)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"optimizer": "adm"}, "'adam'"),
        ({"loss": "mean_square_error"}, "'mean_squared_error'"),
        ({"loss": "mse", "metrics": ["acuracy"]}, "'accuracy'"),
        ({"loss": "mse", "weighted_metrics": ["mea"]}, "Unknown metric"),
        ({"loss": "mse", "steps_per_execution": 0}, "`steps_per_execution`"),
        ({"loss": 3}, "loss"),
        ({"loss": "mse", "optimizer": 3}, "optimizer"),
    ],
)
def test_bad_compilations(arguments, match):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    with pytest.raises((ValueError, TypeError), match=match):
        model.compile(**arguments)
    assert not model.compiled


@pytest.mark.parametrize(
    ("compiling", "match"),
    [
        ({"loss": None}, "no loss"),
        ({"loss": "mse", "optimizer": None}, "no optimizer"),
        ({"loss": ["mse", "mae"]}, "2 entries; the model has 1 outputs"),
        ({"loss": {"other": "mse"}}, r"Unknown output in `loss` 'other'"),
        ({"loss": "mse", "loss_weights": [1.0, 2.0]}, "`loss_weights` has 2 entries"),
        ({"loss": "mse", "metrics": {"other": ["mae"]}}, "Unknown output in `metrics`"),
        ({"loss": "categorical_crossentropy"}, "one column for each class"),
        ({"loss": "sparse_categorical_crossentropy"}, "one column for each class"),
    ],
)
def test_compilations_that_do_not_fit_the_outputs(compiling, match):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, name="out")])
    model.compile(**compiling)
    before = model.get_weights()
    with pytest.raises(ValueError, match=match):
        model.fit(X, NUMBERS, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def two_outputs(**compiling):
    x = keras.Input((4,))
    model = keras.Model(x, [layers.Dense(1, name="p")(x), layers.Dense(3, name="q")(x)])
    model.compile("sgd", **compiling)
    return model


@pytest.mark.parametrize(
    ("compiling", "y", "match"),
    [
        ({"loss": ["mse"]}, [NUMBERS, ONE_HOT], "1 entries; the model has 2 outputs"),
        ({"loss": {"p": "mse"}}, [NUMBERS, ONE_HOT], "must have a key for each output"),
        ({"loss": "mse", "metrics": ["mae"]}, [NUMBERS, ONE_HOT], "one entry for each output"),
        ({"loss": "mse"}, NUMBERS, r"`y` must have 2 parts.*\['p', 'q'\]"),
        ({"loss": "mse"}, [NUMBERS], r"`y` must have 2 parts.*list of 1"),
        ({"loss": "mse"}, {"p": NUMBERS}, r"`y\['q'\]` is missing: output 'q'"),
        ({"loss": "mse"}, [NUMBERS, NUMBERS], r"`y\['q'\]` does not fit the output 'q'"),
        ({"loss": "mse"}, [NUMBERS, ONE_HOT[:5]], "same number of samples"),
        (
            {"loss": ["mse", "sparse_categorical_crossentropy"], "metrics": [[], ["mae"]]},
            [NUMBERS, LABELS],
            "cannot have both",
        ),
    ],
)
def test_several_outputs(compiling, y, match):
    model = two_outputs(**compiling)
    with pytest.raises(ValueError, match=match):
        model.fit(X, y, verbose=0)


def test_class_weight_needs_one_output():
    with pytest.raises(ValueError, match="one output"):
        two_outputs(loss="mse").fit(X, [NUMBERS, ONE_HOT], class_weight={0: 1.0}, verbose=0)


SHARED = {name: make() for name, make in MODELS.items()}


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_anything_at_all_is_refused_or_trained_on_property(data):
    """Whatever comes: a ValueError or TypeError with weights untouched, or finite arithmetic."""
    name = data.draw(st.sampled_from(sorted(SHARED)))
    model = SHARED[name]
    arrays = npst.arrays(
        dtype=st.one_of(
            npst.boolean_dtypes(),
            npst.integer_dtypes(endianness="?"),
            npst.floating_dtypes(endianness="?"),
            npst.complex_number_dtypes(),
            npst.unicode_string_dtypes(max_len=3),
            npst.datetime64_dtypes(max_period="D", min_period="D"),
        ),
        shape=npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
    scrap = st.one_of(
        arrays,
        st.none(),
        st.text(max_size=3),
        st.integers(),
        st.lists(st.one_of(st.integers(), st.text(max_size=2), st.none()), max_size=4),
        st.dictionaries(st.text(max_size=2), arrays, max_size=2),
    )
    x = data.draw(st.one_of(st.just(X), scrap))
    y = data.draw(st.one_of(st.just(GOOD[name]), scrap))
    weight = data.draw(st.one_of(st.none(), scrap))
    batch_size = data.draw(st.one_of(st.none(), st.integers(-2, 20), st.text(max_size=1)))
    before = model.get_weights(), model.optimizer.iterations
    try:
        model.fit(x, y, sample_weight=weight, batch_size=batch_size, verbose=0)
    except (ValueError, TypeError) as error:
        assert str(error)  # noqa: PT017
        assert model.optimizer.iterations == before[1]
        for a, b in zip(before[0], model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    else:
        assert model.optimizer.iterations > before[1]
        model.set_weights(before[0])
