"""Layers that prepare the columns of tables: scaling, bins, vocabularies."""
