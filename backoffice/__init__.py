"""Composes the product: settings, app factory, command line, start-up."""

__version__ = "0.4.0"
