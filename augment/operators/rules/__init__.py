"""Operators that need no model: `repeat`, `reverse_training`, `shuffle` (controls and methods to compare with) and `identity`; the last two
find `names`.
"""
