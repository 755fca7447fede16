"""What storage reads from its environment."""

from services.chassis.settings import (
    DatabaseSettings,
    ImageSettings,
    ObjectStoreSettings,
    ServiceSettings,
)


class StorageSettings(ServiceSettings, DatabaseSettings, ObjectStoreSettings, ImageSettings):
    """Storage has a database, objects and pictures."""
