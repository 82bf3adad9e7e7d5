"""Activations that saturate: sigmoid, hard_sigmoid, tanh, softsign."""

from typing import Any

from pronghorn.activations._function import activation, apply


@activation()
def sigmoid(x: Any) -> Any:
    """Logistic function: act(x) = 1 / (1 + exp(-x)), between 0 and 1.

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Example:
        >>> [round(v, 6) for v in sigmoid([0.0, 4.0]).tolist()]
        [0.5, 0.982014]
    """
    return apply(x, "sigmoid")


@activation()
def hard_sigmoid(x: Any) -> Any:
    """act(x) = clip(x / 6 + 1/2, 0, 1).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Courbariaux, Bengio & David, arXiv:1511.00363, with Keras 3's slope.

    Example:
        >>> hard_sigmoid([-3.0, 0.0, 1.5, 9.0]).tolist()
        [0.0, 0.5, 0.75, 1.0]
    """
    return apply(x, "hard_sigmoid")


@activation()
def tanh(x: Any) -> Any:
    """Hyperbolic tangent: act(x) = tanh x, between -1 and 1.

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Example:
        >>> round(float(tanh(1.0)), 6)
        0.761594
    """
    return apply(x, "tanh")


@activation()
def softsign(x: Any) -> Any:
    """act(x) = x / (1 + |x|), between -1 and 1.

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Turian, Bergstra & Bengio, NAACL 2009.

    Example:
        >>> softsign([-1.0, 3.0]).tolist()
        [-0.5, 0.75]
    """
    return apply(x, "softsign")


@activation()
def hard_tanh(x: Any) -> Any:
    """act(x) = min(max(x, -1), 1).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Collobert, Large Scale Machine Learning, 2004.

    Example:
        >>> hard_tanh([-2.0, 0.5]).tolist()
        [-1.0, 0.5]
    """
    return apply(x, "hard_tanh")


@activation()
def sparse_sigmoid(x: Any) -> Any:
    """act(x) = min(max((x + 1) / 2, 0), 1).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Martins & Astudillo, arXiv:1602.02068, for two classes.

    Example:
        >>> sparse_sigmoid([-2.0, 0.0, 0.5]).tolist()
        [0.0, 0.5, 0.75]
    """
    return apply(x, "sparse_sigmoid")


@activation()
def log_sigmoid(x: Any) -> Any:
    """Logarithm of the sigmoid: act(x) = -log(1 + exp(-x)).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Example:
        >>> round(float(log_sigmoid(0.0)), 6)
        -0.693147
    """
    return apply(x, "log_sigmoid")
