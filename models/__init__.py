"""Documents and every business rule. Knows nothing of Flask or Celery."""
