"""Month close 月结: a period's records, figures and workbook frozen; what changes afterwards is told."""
