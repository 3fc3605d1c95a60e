"""The version of the package, kept in `pyproject.toml` alone."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("kzlabel")
