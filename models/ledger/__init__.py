"""Customer property: what belongs to customers, who holds it, every movement of it (P03 d, ISO 9001 8.5.3).

A form is a ledger or a slip by its definition (`models.ledger_parts`). `stock` is the one rule: no piece is
in two hands; `book` stores movements; `acting` is what steps do; `guarding` what any change does; `desk` what
somebody books by hand.
"""
