"""Measures the project beside the fastest program that does the same work, and beside a textbook one: ``make bench``.

Nothing here is part of the product, and nothing of it runs in the test suite's time.
"""
