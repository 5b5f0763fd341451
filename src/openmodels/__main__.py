"""``python -m openmodels`` is the same as ``openmodels``."""

from openmodels.cli.main import run

if __name__ == "__main__":
    run()
