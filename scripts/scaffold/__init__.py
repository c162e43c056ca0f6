"""Makes another service of the shape of `user`, takes it away again, and gives the platform the team's own name."""
