"""The development tools behind the Makefile."""
