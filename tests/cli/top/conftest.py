from tests.cli.doctor.conftest import serve

__all__ = ["serve"]
