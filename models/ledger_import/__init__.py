"""Ledgers that come from elsewhere: what a file says besides the fields of a form, and how it is taken over.

An existing ledger says of each thing what is out with whom and what is no longer there. `columns` adds that
to what a file can be matched with, `reading` checks it beside the cells of its row, and `planning` turns it
into the changes of the very import that creates the records: the thing, its arrival on the day it came, its
keeper, what became of its pieces since, and a slip for each loan.
"""
