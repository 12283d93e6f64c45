"""The wheel, built from the checkout, and an environment of a user in which it is installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.system.installed.running import ran


def built(kind: str, folder: Path) -> Path:
    """Build a wheel or a source distribution from the checkout, with what is installed already."""
    done = ran([sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(folder), str(ROOT)])
    assert done.returncode == 0, done.stdout + done.stderr
    # What lies there is checked and published as dist/*.
    [made] = folder.iterdir()
    assert made.name.endswith(".whl" if kind == "wheel" else ".tar.gz")
    return made


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    return built("sdist", tmp_path_factory.mktemp("sdist"))


def environment(folder: Path, *what: str) -> Path:
    """Return the Python of a new environment with a tpmock, all that this one has besides, and no way to the checkout.

    :param what: what pip installs, with its options
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)  # noqa: S603 - ours
    python = folder / "bin" / "python"
    [site] = folder.glob("lib/python*/site-packages")
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if "tpmock" not in package.name and package.name != "__pycache__":
            (site / package.name).symlink_to(package)
    install = ["pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", *what]
    subprocess.run([sys.executable, "-m", *install], check=True, timeout=300)  # noqa: S603 - ours
    return python


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment of a user that has the wheel."""
    return environment(tmp_path_factory.mktemp("user"), str(wheel))
