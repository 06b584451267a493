"""Tables in files: Excel workbooks and CSV, out and in. Nothing here knows what a record is."""
