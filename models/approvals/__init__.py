"""Approvals: who signs what, step by step, together with the record it is about."""
