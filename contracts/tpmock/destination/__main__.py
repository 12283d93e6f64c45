"""``python -m tpmock.destination``: the same command as ``tpmock destination``."""

from tpmock.destination.ops.cli import destination

if __name__ == "__main__":
    destination(prog_name="python -m tpmock.destination")
