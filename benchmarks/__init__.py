"""Measurements.

``peers`` compares with other libraries, ``sweep`` looks for networks and shapes that are slower
than they should be, ``overheads`` holds calls and options against their targets, ``native`` times
the C++ engine alone, ``performance`` writes what the documents show.
"""
