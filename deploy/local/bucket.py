"""`python -m deploy.local.bucket` makes the bucket of the `S3_*` variables if it is absent."""

import asyncio
import os

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session


async def make() -> None:
    """Make the bucket; one that this account already owns is left alone."""
    name, variables = os.environ["S3_BUCKET_NAME"], os.environ
    async with get_session().create_client(
        "s3",
        endpoint_url=variables["S3_ENDPOINT_URL"],
        aws_access_key_id=variables["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["S3_SECRET_ACCESS_KEY"],
        region_name=variables.get("S3_REGION_NAME", "us-east-1"),
        config=AioConfig(connect_timeout=5, read_timeout=10),
    ) as client:
        present = [bucket["Name"] for bucket in (await client.list_buckets())["Buckets"]]
        if name not in present:
            await client.create_bucket(Bucket=name)


if __name__ == "__main__":
    asyncio.run(make())
