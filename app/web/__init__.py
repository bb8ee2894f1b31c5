"""Flask lives here: requests in, answers out."""
