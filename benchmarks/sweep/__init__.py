"""Random networks and neighbouring shapes: where pronghorn is slower than it should be.

``python -m benchmarks.sweep nets`` trains seeded random networks with pronghorn and with the best
of the other libraries; ``python -m benchmarks.sweep cliffs`` looks for shapes that cost much more
than the shape beside them.
"""
