"""Where DynamoDB is, by the environment."""

import re

import pytest

from app.caches import endpoint
from app.caches.endpoint import Endpoint
from app.errors import TableError

FRANKFURT = "https://dynamodb.eu-central-1.amazonaws.com"
LOCAL = "http://127.0.0.1:8002"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_REGION": "eu-central-1"}, Endpoint("eu-central-1", FRANKFURT)),
        ({"AWS_DEFAULT_REGION": "eu-central-1"}, Endpoint("eu-central-1", FRANKFURT)),
        ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "us-east-1"}, Endpoint("eu-central-1", FRANKFURT)),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-central-1"}, Endpoint("eu-central-1", FRANKFURT)),
        ({"AWS_REGION": "cn-north-1"}, Endpoint("cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn")),
        ({"AWS_REGION": "us-gov-west-1"}, Endpoint("us-gov-west-1", "https://dynamodb.us-gov-west-1.amazonaws.com")),
        ({"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": f"{LOCAL}/"}, Endpoint("eu-central-1", LOCAL)),
        (
            {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": FRANKFURT, "AWS_ENDPOINT_URL_DYNAMODB": LOCAL},
            Endpoint("eu-central-1", LOCAL),
        ),
    ],
    ids=["lambda's region", "the other region", "both", "empty", "China", "GovCloud", "an endpoint", "two endpoints"],
)
def test_the_endpoint_is_that_of_the_region_or_the_one_that_is_named(
    environ: dict[str, str], expected: Endpoint
) -> None:
    assert endpoint.from_environ(environ) == expected


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "set AWS_REGION to its region, such as 'eu-central-1'."),
        ({"AWS_REGION": "evil.example/"}, "AWS_REGION is 'evil.example/', but must be like 'eu-central-1'."),
        ({"AWS_DEFAULT_REGION": "Frankfurt"}, "AWS_DEFAULT_REGION is 'Frankfurt', but must be like 'eu-central-1'."),
        (
            {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_DYNAMODB": "127.0.0.1:8002"},
            "AWS_ENDPOINT_URL_DYNAMODB is '127.0.0.1:8002', but must be like 'http://127.0.0.1:8002': "
            "http or https, a host, perhaps a port, and nothing after it.",
        ),
        (
            {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:80020"},
            "AWS_ENDPOINT_URL is 'http://127.0.0.1:80020', but must be like 'http://127.0.0.1:8002': "
            "http or https, a host, perhaps a port, and nothing after it.",
        ),
    ],
    ids=["no region", "a region with a path", "a city", "an endpoint without a scheme", "a port that is none"],
)
def test_what_is_missing_or_makes_no_sense_is_named(environ: dict[str, str], said: str) -> None:
    with pytest.raises(TableError, match=f"^The table cannot be used: {re.escape(said)}$"):
        endpoint.from_environ(environ)
