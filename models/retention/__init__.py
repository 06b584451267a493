"""How long records are kept, what must not go, and how what may go is removed for good.

Nothing is ever removed by itself, not even from the bin: a person draws up a list of what is due by the rule
of its form, a second one approves it, and a job carries it out (P04.19). A legal hold stops all of it.
"""
