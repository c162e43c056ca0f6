"""The other side of the comparison: Flask observed by the libraries that are usually installed for that."""
