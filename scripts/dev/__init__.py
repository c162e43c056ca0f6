"""The inner loop, `make dev`: a saved file is answered with by new pods a moment later, on the embedded cluster."""
