"""Reports on ledgers as workbooks: what there is, slips, movements, what is overdue, yearly statements.

`asked` is what somebody asked for; `running` carries it out as an export job; every other module writes one
report, with nothing in it that its reader may not see.
"""
