"""Reports: what is analysed, for which period, and how the figures come about (P03.29–P03.35)."""
