"""The demo company: its words in YAML, and how a believable history is told from them."""
