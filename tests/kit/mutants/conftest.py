from tests.destination.conftest import settings, trustpilot

__all__ = ["settings", "trustpilot"]
