"""The screens of every form: one set of routes, served by a view object made from the definition."""
