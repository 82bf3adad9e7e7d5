"""Objects to plain data and back: what every other part of the package may use of `saving`."""
