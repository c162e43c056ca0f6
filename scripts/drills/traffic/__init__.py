"""What the shop's users do: one module for each service says what it is asked for, `mix` puts that together."""
