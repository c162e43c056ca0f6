"""How long what is installed may take to become ready."""

# Images of some 100 MB come over whatever line there is.
PULL_DEADLINE = 600.0
