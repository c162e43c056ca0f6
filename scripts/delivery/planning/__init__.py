"""What a release will take, said before it begins: the plan, the traffic, the ramp, and what is to be expected."""
