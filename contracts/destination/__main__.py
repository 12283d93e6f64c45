"""``python -m contracts.destination``: the same command as ``tpmock destination``."""

from contracts.destination.cli import destination

if __name__ == "__main__":
    destination(prog_name="python -m contracts.destination")
