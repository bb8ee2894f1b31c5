"""Side-by-side measurements of this service and of other ways to gather comics: `make bench`."""
