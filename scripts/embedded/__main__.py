"""``python -m embedded up|down|status|reset``."""

from embedded.cli import app

if __name__ == "__main__":
    app(prog_name="python -m embedded")
