"""Lots and serial numbers: which batch, or which very piece, stock belongs to."""
