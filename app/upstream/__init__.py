"""Asks xkcd.com, over connections of our own."""
