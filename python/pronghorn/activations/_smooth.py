"""Smooth relatives of the rectifier: gelu, silu, mish, softplus, exponential."""

from typing import Any

from pronghorn.activations._function import activation, apply


@activation()
def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit: act(x) = x * Phi(x), Phi the normal distribution function.

    Args:
        x: Array of any shape.
        approximate: True for x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))).

    Returns:
        Array of the shape of x.

    Source: Hendrycks & Gimpel, arXiv:1606.08415.

    Example:
        >>> round(float(gelu(1.0)), 5), round(float(gelu(1.0, approximate=True)), 5)
        (0.84134, 0.84119)
    """
    return apply(x, "gelu_tanh" if approximate else "gelu")


@activation("swish")
def silu(x: Any) -> Any:
    """Sigmoid linear unit, also called swish: act(x) = x * sigmoid(x).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Elfwing, Uchibe & Doya, arXiv:1702.03118.

    Example:
        >>> round(float(silu(1.0)), 6)
        0.731059
    """
    return apply(x, "silu")


@activation()
def mish(x: Any) -> Any:
    """act(x) = x * tanh(softplus(x)).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Misra, arXiv:1908.08681.

    Example:
        >>> round(float(mish(1.0)), 6)
        0.865098
    """
    return apply(x, "mish")


@activation()
def softplus(x: Any) -> Any:
    """act(x) = log(1 + exp(x)).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Glorot, Bordes & Bengio, AISTATS 2011.

    Example:
        >>> round(float(softplus(0.0)), 6)
        0.693147
    """
    return apply(x, "softplus")


@activation()
def exponential(x: Any) -> Any:
    """act(x) = exp(x).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Example:
        >>> round(float(exponential(1.0)), 6)
        2.718282
    """
    return apply(x, "exponential")


@activation()
def squareplus(x: Any, b: float = 4) -> Any:
    """act(x) = (x + sqrt(x^2 + b)) / 2.

    Args:
        x: Array of any shape.
        b: Width of the bend at 0.

    Returns:
        Array of the shape of x.

    Source: Barron, arXiv:2112.11687.

    Example:
        >>> squareplus([0.0, 1.5]).tolist()
        [1.0, 2.0]
    """
    return apply(x, "squareplus", b)


@activation()
def sparse_plus(x: Any) -> Any:
    """act(x) = 0 for x <= -1, (x + 1)^2 / 4 up to 1, x above: the integral of `sparse_sigmoid`.

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Martins & Astudillo, arXiv:1602.02068, integrated.

    Example:
        >>> sparse_plus([-2.0, 0.0, 3.0]).tolist()
        [0.0, 0.25, 3.0]
    """
    return apply(x, "sparse_plus")


@activation("hard_swish")
def hard_silu(x: Any) -> Any:
    """act(x) = x * `hard_sigmoid` (x), also known as hard swish.

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Howard et al., arXiv:1905.02244.

    Example:
        >>> hard_silu([-3.0, 1.5, 6.0]).tolist()
        [0.0, 1.125, 6.0]
    """
    return apply(x, "hard_silu")
