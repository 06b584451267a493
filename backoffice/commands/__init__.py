"""The commands of the program, one group to a module."""
