"""The arithmetic of the analyses, on plain numbers: nothing here knows a record."""
