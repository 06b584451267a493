"""Measures the product against the stock way of doing the same, in one run on one machine.

Only ratios within a run mean something: machines differ, and so does what else they do.
"""
