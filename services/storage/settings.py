"""What storage reads from its environment."""

from datetime import timedelta

from pydantic import Field

from contracts.journal import Kind
from services.chassis.settings import (
    DatabaseSettings,
    ImageSettings,
    ObjectStoreSettings,
    ServiceSettings,
    SettingsGroup,
)


class RetentionSettings(SettingsGroup):
    """How long jobs are kept after they have ended."""

    retention_days: float = Field(default=30, gt=0, le=36_500)
    cutout_retention_hours: float = Field(default=24, gt=0, le=876_000)

    @property
    def periods(self) -> dict[Kind, timedelta]:
        """The same by kind of job."""
        usual = timedelta(days=self.retention_days)
        cutouts = timedelta(hours=self.cutout_retention_hours)
        return {kind: cutouts if kind is Kind.CUTOUT else usual for kind in Kind}


class StorageSettings(
    ServiceSettings, DatabaseSettings, ObjectStoreSettings, ImageSettings, RetentionSettings
):
    """Storage has a database, objects and pictures."""
