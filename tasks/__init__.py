"""Celery tasks: claim, call a rule of models, record the outcome."""
