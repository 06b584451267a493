"""Stock checks: what a ledger says is there is counted, differences are decided, and the books follow (盘点).

A form is a stock check by its definition (`models.ledger_parts.StockCheck`). Its records run through their
workflow; what is on a check's list are lines in a collection of their own, because there may be 200,000:
`taking` draws them up, `counting` writes down what was found, `reviewing` decides, `adjusting` books.

The rule of differences: what somebody counted is held against what the books said of that spot at the moment
of counting, which is the snapshot and every movement booked since. So a piece lent, returned or moved between
snapshot and count is no difference. What is booked for the same spot after it was counted makes a difference
doubtful (the piece may have gone before): such lines are not adjusted but listed, to be counted again.
"""
