"""Buckets on a real S3 server, made by its owner for one test each."""

from uuid import uuid4

from botocore.config import Config
from botocore.session import get_session
from pydantic import SecretStr

from services.chassis.settings import ObjectStoreSettings
from tests.servers import SeaweedServer


class Buckets:
    """A server and the way to get a fresh bucket on it."""

    def __init__(self, server: SeaweedServer) -> None:
        self.server = server
        self._owner = get_session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=server.endpoint_url,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
            config=Config(s3={"addressing_style": "path"}),
        )

    def new(self) -> ObjectStoreSettings:
        """What a service is configured with that uses a bucket of its own."""
        name = f"test-{uuid4().hex[:12]}"
        self._owner.create_bucket(Bucket=name)
        return ObjectStoreSettings(
            s3_bucket_name=name,
            s3_endpoint_url=self.server.endpoint_url,
            s3_public_url=self.server.endpoint_url,
            s3_access_key_id=SecretStr(self.server.access_key),
            s3_secret_access_key=SecretStr(self.server.secret_key),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._owner.close()
