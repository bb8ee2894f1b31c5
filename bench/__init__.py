"""Side-by-side measurements of this service and of the usual ways to do what it does: `make bench`."""
