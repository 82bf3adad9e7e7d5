"""Random arrays.

All take `seed`: an integer (the same numbers at each call), a SeedGenerator (others at each call),
or None (from the session, which ``utils.set_random_seed`` fixes). The numbers are NumPy's, from
Philox; they are not those of Keras's backends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import config
from pronghorn._arguments import explained
from pronghorn._autodiff._tensor import Tensor, find
from pronghorn._numbers import integer, real
from pronghorn._variable import Variable
from pronghorn.random._generator import SeedGenerator, generator

Array = NDArray[Any]
Seed = int | SeedGenerator | None
_TRUNCATED_AT = 2.0  # standard deviations, as in Keras


def _float_dtype(dtype: Any, function: str) -> np.dtype[Any]:
    found = np.dtype(dtype or config.floatx())
    if found.kind != "f":
        raise ValueError(f"`dtype` of random.{function} must be floating. Received: dtype={dtype}")
    return found


def _sizes(shape: Sequence[int | None]) -> tuple[int, ...]:
    """`shape`, if every size in it is known."""
    sizes = tuple(shape)
    if None in sizes:
        raise TypeError(
            f"`shape` must have integers alone. Received: shape={sizes}. The size of a batch is "
            "known inside the `call` of a layer, not in a graph."
        )
    return sizes  # type: ignore[return-value]


@explained
def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None,
    seed: Seed = None,
) -> Array:  # fmt: skip
    """Normally distributed numbers.

    Args:
        shape: Of the result.
        mean: Of the distribution.
        stddev: Its standard deviation.
        dtype: Of the result; None is ``config.floatx()``.
        seed: See the module.

    Example:
        >>> normal((2, 3), seed=1).shape
        (2, 3)
    """
    kind = _float_dtype(dtype, "normal")
    return (mean + stddev * generator(seed).standard_normal(_sizes(shape))).astype(kind)


@explained
def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None,
    seed: Seed = None,
) -> Array:  # fmt: skip
    """Normally distributed numbers, those beyond two standard deviations drawn again.

    Args:
        shape: Of the result.
        mean: Of the distribution before it is cut.
        stddev: Its standard deviation.
        dtype: Of the result; None is ``config.floatx()``.
        seed: See the module.

    Example:
        >>> bool(abs(truncated_normal((1000,), seed=1)).max() <= 2)
        True
    """
    kind = _float_dtype(dtype, "truncated_normal")
    numbers = generator(seed)
    values = numbers.standard_normal(_sizes(shape))
    while (outside := np.abs(values) > _TRUNCATED_AT).any():
        values[outside] = numbers.standard_normal(int(outside.sum()))
    return (mean + stddev * values).astype(kind)


@explained
def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None,
    seed: Seed = None,
) -> Array:  # fmt: skip
    """Numbers equally likely anywhere from `minval` up to, not including, `maxval`.

    Args:
        shape: Of the result.
        minval: Lower bound.
        maxval: Upper bound.
        dtype: Of the result, floating; None is ``config.floatx()``.
        seed: See the module.

    Example:
        >>> uniform((4,), seed=1).dtype.name
        'float32'
    """
    kind = _float_dtype(dtype, "uniform")
    wide = np.float64 if kind == np.float64 else np.float32  # drawn so that 1 is not rounded to
    values = generator(seed).random(_sizes(shape), wide)
    return np.asarray(values * (maxval - minval) + minval).astype(kind)


@explained
def randint(
    shape: Sequence[int], minval: int, maxval: int, dtype: Any = "int32", seed: Seed = None
) -> Array:
    """Whole numbers equally likely from `minval` up to, not including, `maxval`.

    Args:
        shape: Of the result.
        minval: Lower bound.
        maxval: Upper bound.
        dtype: Of the result, an integer one.
        seed: See the module.

    Example:
        >>> set(randint((100,), 0, 2, seed=1).tolist()) == {0, 1}
        True
    """
    kind = np.dtype(dtype)
    if kind.kind not in "iu":
        raise ValueError(f"`dtype` of random.randint must be an integer. Received: dtype={dtype}")
    return generator(seed).integers(minval, maxval, _sizes(shape)).astype(kind)


@explained
def categorical(
    logits: ArrayLike, num_samples: int, dtype: Any = "int32", seed: Seed = None
) -> Array:
    """Classes drawn with the probabilities softmax(logits).

    Args:
        logits: Shape (batch, classes).
        num_samples: How many are drawn for each row.
        dtype: Of the result.
        seed: See the module.

    Returns:
        Shape (batch, num_samples).

    Example:
        >>> categorical([[0.0, 50.0]], 3, seed=1).tolist()
        [[1, 1, 1]]
    """
    scores = np.asarray(logits, np.float64)
    if scores.ndim != 2:
        raise ValueError(
            f"`logits` must have the shape (batch, classes). Received: shape {scores.shape}"
        )
    count = integer(num_samples, "num_samples", low=0)
    # The largest of scores with Gumbel noise is such a draw (E. J. Gumbel, 1954).
    noise = generator(seed).gumbel(size=(len(scores), count, scores.shape[1]))
    return np.asarray((scores[:, None, :] + noise).argmax(-1).astype(dtype))


@explained
def dropout(
    inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Seed = None
) -> Any:
    """`inputs` with a fraction of the elements set to 0 and the others scaled up to keep the mean.

    Args:
        inputs: Array, or a recorded tensor, through which gradients pass.
        rate: The fraction.
        noise_shape: Shape of what is drawn; axes of length 1 are dropped together. None is the
            shape of `inputs`, as is None for an axis.
        seed: See the module.

    Example:
        >>> sorted(set(dropout([1.0] * 100, 0.5, seed=1).tolist()))
        [0.0, 2.0]
    """
    keep = 1 - real(rate, "rate", low=0.0, high=1.0, open_high=True)
    recorded = isinstance(inputs, Tensor | Variable)
    values = inputs if recorded else np.asarray(inputs)
    if not recorded and (values.dtype.kind != "f" or not isinstance(inputs, np.ndarray)):
        values = values.astype(config.floatx())
    sizes = values.shape if noise_shape is None else noise_shape
    shape = [own if s is None else s for s, own in zip(sizes, values.shape, strict=True)]
    kept = generator(seed).random(shape) < keep
    if recorded:
        return find("where")(kept, values / keep, np.zeros((), values.dtype))
    return np.where(kept, values / keep, 0).astype(values.dtype)


@explained
def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Any:
    """A copy of `x` with its parts along an axis in random order.

    Args:
        x: Array, or a recorded tensor, through which gradients pass.
        axis: Along which.
        seed: See the module.

    Example:
        >>> sorted(shuffle([3, 1, 2], seed=1).tolist())
        [1, 2, 3]
    """
    if isinstance(x, Tensor | Variable):
        return find("take")(x, generator(seed).permutation(x.shape[axis]), axis)
    return np.asarray(generator(seed).permutation(np.asarray(x), axis))


@explained
def gamma(shape: Sequence[int], alpha: ArrayLike, dtype: Any = None, seed: Seed = None) -> Array:
    """Numbers of the gamma distribution of scale 1.

    Args:
        shape: Of the result.
        alpha: The distribution's shape parameter, a number or an array that broadcasts.
        dtype: Of the result; None is ``config.floatx()``.
        seed: See the module.

    Example:
        >>> bool((gamma((5,), 2.0, seed=1) > 0).all())
        True
    """
    kind = _float_dtype(dtype, "gamma")
    return np.asarray(generator(seed).gamma(np.asarray(alpha, float), size=_sizes(shape))).astype(
        kind
    )


@explained
def beta(
    shape: Sequence[int], alpha: ArrayLike, beta: ArrayLike, dtype: Any = None, seed: Seed = None
) -> Array:
    """Numbers of the beta distribution.

    Args:
        shape: Of the result.
        alpha: First parameter, a number or an array that broadcasts.
        beta: Second parameter, likewise.
        dtype: Of the result; None is ``config.floatx()``.
        seed: See the module.

    Example:
        >>> bool((beta((5,), 2.0, 3.0, seed=1) < 1).all())
        True
    """
    kind = _float_dtype(dtype, "beta")
    return np.asarray(
        generator(seed).beta(np.asarray(alpha, float), np.asarray(beta, float), _sizes(shape))
    ).astype(kind)


@explained
def binomial(
    shape: Sequence[int], counts: ArrayLike, probabilities: ArrayLike, dtype: Any = None,
    seed: Seed = None,
) -> Array:  # fmt: skip
    """Numbers of successes of the binomial distribution.

    Args:
        shape: Of the result.
        counts: Number of trials, a number or an array that broadcasts.
        probabilities: Of a success, likewise.
        dtype: Of the result; None is ``config.floatx()``.
        seed: See the module.

    Example:
        >>> binomial((2,), 3, 1.0, seed=1).tolist()
        [3.0, 3.0]
    """
    kind = _float_dtype(dtype, "binomial")
    trials = np.asarray(counts).astype(np.int64)
    return np.asarray(
        generator(seed).binomial(trials, np.asarray(probabilities, float), _sizes(shape))
    ).astype(kind)
