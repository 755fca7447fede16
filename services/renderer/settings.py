"""Settings of the renderer."""

from typing import Literal

from services.chassis.settings import ImageSettings, ObjectStoreSettings, ServiceSettings


class RendererSettings(ServiceSettings, ObjectStoreSettings, ImageSettings):
    """Which provider edits pictures, and where pictures are kept."""

    image_provider: Literal["auto", "local"] = "auto"
