"""The other ways to gather comics: Lambda handlers as in the usual articles, each deployable as it is."""
