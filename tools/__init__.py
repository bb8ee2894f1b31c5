"""What is run from a terminal: the stand-in for xkcd.com, the local server, one invocation."""
