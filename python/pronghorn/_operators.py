"""Operators of what counts as an array in expressions and is changed by `assign`."""

from __future__ import annotations

from numpy.lib.mixins import NDArrayOperatorsMixin as _Mixin


class Operators(_Mixin):
    """NumPy's operators. Those in place bind their name to a new array, as Keras's variables do.

    Example:
        >>> import pronghorn as keras
        >>> weights = count = keras.Variable([1.0, 2.0])
        >>> count += 1
        >>> count, weights.numpy()
        (array([2., 3.], dtype=float32), array([1., 2.], dtype=float32))
    """

    __iadd__ = _Mixin.__add__
    __isub__ = _Mixin.__sub__
    __imul__ = _Mixin.__mul__
    __imatmul__ = _Mixin.__matmul__
    __itruediv__ = _Mixin.__truediv__
    __ifloordiv__ = _Mixin.__floordiv__
    __imod__ = _Mixin.__mod__
    __ipow__ = _Mixin.__pow__
    __ilshift__ = _Mixin.__lshift__
    __irshift__ = _Mixin.__rshift__
    __iand__ = _Mixin.__and__
    __ior__ = _Mixin.__or__
    __ixor__ = _Mixin.__xor__
