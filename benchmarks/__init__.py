"""Measurements: ``peers`` compares with other libraries, ``native`` times the C++ engine alone."""
