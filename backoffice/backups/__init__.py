"""Backups: everything the company has stored, as it stood at one moment, in a folder that proves itself.

A backup holds one compressed file of BSON documents per collection and a manifest with what a restore must
find: counts, checksums, indexes, the migrations that were done. The files are what MongoDB's own tools read,
too (`mongorestore --gzip`), should this program ever be missing.
"""
