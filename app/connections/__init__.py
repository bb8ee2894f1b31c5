"""HTTP over connections that stay open: to one origin, in a list of idle ones, with addresses looked up once."""
