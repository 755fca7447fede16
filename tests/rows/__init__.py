"""The HTTP surface as it is documented: a test for each row, through the whole system."""
