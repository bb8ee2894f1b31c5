"""The other ways to gather comics: handlers for Lambda as the usual articles have them, each deployable as it is."""
