"""Seeds for everything that is drawn at random."""

from pronghorn.random._seed import next_seed

__all__ = ["next_seed"]
