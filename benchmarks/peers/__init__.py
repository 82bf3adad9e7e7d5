"""Every workload against every library: ``python -m benchmarks.peers`` from the repository's root.

What is measured and how lives in ``pronghorn._bench``, which the command for users shares.
"""
