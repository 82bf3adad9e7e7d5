"""VarianceScaling and its named cases: Glorot, He and Lecun, each normal and uniform."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pronghorn._numbers import real
from pronghorn._suggest import unknown
from pronghorn.initializers._distributions import draw_truncated_normal
from pronghorn.initializers._initializer import (
    REGISTRY,
    RandomInitializer,
    check_dtype,
    check_shape,
)

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
# Standard deviation of N(0, 1) given |z| <= 2: sqrt(1 - 2 * 2 * phi(2) / (2 * Phi(2) - 1)).
_TRUNCATED_STDDEV = 0.87962566103423978


def compute_fans(
    shape: tuple[int, ...],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Numbers of inputs and outputs of a weight of this shape.

    For a matrix these are its rows and columns; in higher dimensions all axes but the last two
    count as a receptive field that multiplies both.

    Example:
        >>> compute_fans((3, 5)), compute_fans((7,)), compute_fans((2, 2, 3, 5))
        ((3, 5), (7, 7), (12, 20))
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[i] for i in input_axes), math.prod(shape[i] for i in output_axes)
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


@REGISTRY.add()
class VarianceScaling(RandomInitializer):
    """Values of variance scale / n, with n the number of inputs, of outputs, or their mean.

    Args:
        scale: Numerator of the variance, > 0.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``: what n is.
        distribution: ``"truncated_normal"`` (or ``"normal"``), ``"untruncated_normal"`` or
            ``"uniform"``.
        seed: Non-negative integer; None takes the next seed of the session.
        input_axes: The axes that count as inputs; None for the usual ones.
        output_axes: The axes that count as outputs; None for the usual ones.

    Example:
        >>> values = VarianceScaling(3.0, "fan_in", "uniform", seed=1)((9, 100))
        >>> bool(abs(values).max() <= 1.0)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        if (input_axes is None) != (output_axes is None):
            raise ValueError(
                "`input_axes` and `output_axes` must be given together; received "
                f"input_axes={input_axes!r}, output_axes={output_axes!r}."
            )
        distribution = str(distribution).lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if str(mode) not in _MODES:
            raise unknown("mode", mode, _MODES)
        if distribution not in _DISTRIBUTIONS:
            raise unknown("distribution", distribution, _DISTRIBUTIONS)
        self.scale = real(scale, "scale", low=0.0, open_low=True)
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        dims = check_shape(shape)
        fan_in, fan_out = compute_fans(dims, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        generator = self.generator()
        if self.distribution == "truncated_normal":
            stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
            values = stddev * draw_truncated_normal(generator, dims)
        elif self.distribution == "untruncated_normal":
            values = np.asarray(generator.normal(0.0, math.sqrt(variance), dims))
        else:
            limit = math.sqrt(3.0 * variance)
            values = np.asarray(generator.uniform(-limit, limit, dims))
        return np.asarray(values, check_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _NamedScaling(VarianceScaling):
    """A case of VarianceScaling with only its seed and axes left open."""

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {key: config[key] for key in ("seed", "input_axes", "output_axes")}


@REGISTRY.add()
class GlorotUniform(_NamedScaling):
    """Uniform values in [-limit, limit) with limit = sqrt(6 / (fan_in + fan_out)).

    Args:
        seed: Non-negative integer; None takes the next seed of the session.
        input_axes: The axes that count as inputs; None for the usual ones.
        output_axes: The axes that count as outputs; None for the usual ones.

    Source: Glorot & Bengio, AISTATS 2010.

    Example:
        >>> GlorotUniform(seed=1)((3, 2)).shape
        (3, 2)
    """

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


@REGISTRY.add()
class GlorotNormal(_NamedScaling):
    """Truncated normal values with stddev = sqrt(2 / (fan_in + fan_out)).

    Args:
        seed: Non-negative integer; None takes the next seed of the session.
        input_axes: The axes that count as inputs; None for the usual ones.
        output_axes: The axes that count as outputs; None for the usual ones.

    Source: Glorot & Bengio, AISTATS 2010.

    Example:
        >>> GlorotNormal(seed=1)((3, 2)).shape
        (3, 2)
    """

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


@REGISTRY.add()
class HeUniform(_NamedScaling):
    """Uniform values in [-limit, limit) with limit = sqrt(6 / fan_in).

    Args:
        seed: Non-negative integer; None takes the next seed of the session.
        input_axes: The axes that count as inputs; None for the usual ones.
        output_axes: The axes that count as outputs; None for the usual ones.

    Source: He et al., arXiv:1502.01852.

    Example:
        >>> HeUniform(seed=1)((3, 2)).shape
        (3, 2)
    """

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


@REGISTRY.add()
class HeNormal(_NamedScaling):
    """Truncated normal values with stddev = sqrt(2 / fan_in).

    Args:
        seed: Non-negative integer; None takes the next seed of the session.
        input_axes: The axes that count as inputs; None for the usual ones.
        output_axes: The axes that count as outputs; None for the usual ones.

    Source: He et al., arXiv:1502.01852.

    Example:
        >>> HeNormal(seed=1)((3, 2)).shape
        (3, 2)
    """

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


@REGISTRY.add()
class LecunUniform(_NamedScaling):
    """Uniform values in [-limit, limit) with limit = sqrt(3 / fan_in).

    Args:
        seed: Non-negative integer; None takes the next seed of the session.
        input_axes: The axes that count as inputs; None for the usual ones.
        output_axes: The axes that count as outputs; None for the usual ones.

    Source: LeCun et al., Efficient BackProp, 1998.

    Example:
        >>> LecunUniform(seed=1)((3, 2)).shape
        (3, 2)
    """

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


@REGISTRY.add()
class LecunNormal(_NamedScaling):
    """Truncated normal values with stddev = sqrt(1 / fan_in).

    Args:
        seed: Non-negative integer; None takes the next seed of the session.
        input_axes: The axes that count as inputs; None for the usual ones.
        output_axes: The axes that count as outputs; None for the usual ones.

    Source: LeCun et al., Efficient BackProp, 1998.

    Example:
        >>> LecunNormal(seed=1)((3, 2)).shape
        (3, 2)
    """

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)
