"""Letters that forms write from templates: filled in, fixed word by word, kept with the record.

`names` is what a template may name, `filling` puts the values of a record into it, `layout` is how the text
looks on paper, `keeping` stores what was sent, and `reading` says who may read it again.
"""
