"""Data sets that come with the package."""

from pronghorn.datasets import digits

__all__ = ["digits"]
