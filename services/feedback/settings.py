"""What feedback reads from its environment."""

from services.chassis.settings import DatabaseSettings, ServiceSettings


class FeedbackSettings(ServiceSettings, DatabaseSettings):
    """Feedback has a bus and a database."""
