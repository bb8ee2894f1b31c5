"""Pure: comics and selections of them."""
