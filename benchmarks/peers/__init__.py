"""The same training and prediction work done by pronghorn and by other libraries.

Run as ``python -m benchmarks.peers`` from the repository's root. ``workloads`` says what is
measured, ``registry`` who is measured, ``runners`` how each library does it, ``rounds`` in which
order, ``report`` what comes out.
"""
