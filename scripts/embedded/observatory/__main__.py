"""``python -m embedded.observatory`` starts the observatory of one embedded cluster."""

from embedded.observatory.command import main

main()
