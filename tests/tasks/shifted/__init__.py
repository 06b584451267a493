"""On the path of programs that are to run by another clock."""
