"""Refuses to build a distribution without the wire, which `make protos` generates."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

WIRE = Path(__file__).parent / "restock" / "v1" / "gateway_pb2.py"


class BuildWithWire(build_py):
    """Builds Restock, from a checkout in which the wire has been generated."""

    def run(self) -> None:
        """Check that it has, unless the checkout itself is installed: there it is generated after that.

        Raises:
            SystemExit: it has not; says how to.
        """
        if not self.editable_mode and not WIRE.is_file():
            raise SystemExit("restock/v1 is not generated yet: run `make protos` first")
        super().run()


setup(cmdclass={"build_py": BuildWithWire})
