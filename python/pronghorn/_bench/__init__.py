"""The same training and prediction work done by pronghorn and by other libraries.

``workloads`` says what is measured, ``registry`` who is measured, ``runners`` how each library does
it, ``rounds`` in which order, ``report`` what comes out, ``short`` what ``python -m pronghorn
bench`` prints. Other libraries are imported in child processes alone, and only if installed.
"""
