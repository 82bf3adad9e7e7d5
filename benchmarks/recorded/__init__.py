"""Steps with Python of the user's own; run ``python -m benchmarks.recorded`` from the root.

A loss, a training step, or the layers too are written as a user writes them; the same network in
PyTorch's plain loop runs in between, in the rounds of ``benchmarks.peers``.
"""
