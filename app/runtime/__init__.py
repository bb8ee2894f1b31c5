"""What the code runs on: Lambda events and one event loop."""
