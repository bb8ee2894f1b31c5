"""The environment in which the app uses a table in AWS, from what AWS's own programs find on a developer's machine."""

import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def aws_environ() -> dict[str, str]:
    """The credentials and the region of AWS_PROFILE, of SSO, or of what else boto3 finds. The app reads no files.

    None are needed, and so none are sought, unless COMICS_TABLE names a table. They are not refreshed: those of SSO and
    of roles last an hour or longer. A region that is not found is left out, as the app says that it is missing. Raises
    ValueError, which says why, if there are no credentials.
    """
    if not os.environ.get("COMICS_TABLE"):
        return {}
    try:
        session = boto3.Session()
        credentials = session.get_credentials()
        key = credentials.get_frozen_credentials() if credentials else None
    except (BotoCoreError, ClientError) as error:
        raise ValueError(f"AWS's credentials cannot be used: {error}") from error
    if key is None:
        raise ValueError("There are no credentials for the table: set AWS_PROFILE, or log in with `aws sso login`.")
    region = os.environ.get("AWS_REGION") or session.region_name
    return {
        "AWS_ACCESS_KEY_ID": key.access_key,
        "AWS_SECRET_ACCESS_KEY": key.secret_key,
        "AWS_SESSION_TOKEN": key.token or "",
        **({"AWS_REGION": region} if region else {}),
    }
