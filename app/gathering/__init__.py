"""Gathers a selection of comics from the caches and xkcd."""
