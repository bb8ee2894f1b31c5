"""The policy for those who deploy, docs/deploy-policy.json, against what CloudFormation says that it needs."""

import json
from fnmatch import fnmatchcase
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.commands import ROOT
from tests.deployment.conftest import Template

POLICY = ROOT / "docs/deploy-policy.json"

UNUSED = {
    "cloudfront:CreateConnectionGroup",
    "cloudfront:GetConnectionGroup",
    "cloudfront:GetVpcOrigin",
    "cloudfront:UpdateDistributionWithStagingConfig",
    "iam:AttachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:UpdateRoleDescription",
}
"""Actions for properties that no resource of the template has."""


def statements() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(POLICY.read_text())["Statement"]
    return found


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def needed(kind: str) -> set[str]:
    """The actions, of its own service, with which CloudFormation keeps a resource of that type."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-central-1", kind).schema["handlers"]
    service = kind.split("::")[1].lower().removesuffix("v2")
    actions = {action for name in handlers.keys() - {"list"} for action in handlers[name]["permissions"]}
    return {action for action in actions if action.startswith(f"{service}:")}


def test_the_policy_allows_what_the_templates_resources_need(cloud_front: Template) -> None:
    patterns = [action for statement in statements() for action in listed(statement["Action"])]
    kinds = {part["Type"] for part in cloud_front["Resources"].values()}
    actions = set().union(*map(needed, kinds)) - UNUSED
    assert {action for action in actions if not any(fnmatchcase(action, pattern) for pattern in patterns)} == set()


def test_the_policy_names_the_services_resources_wherever_aws_can() -> None:
    unbounded = [statement["Sid"] for statement in statements() if statement["Resource"] == "*"]
    assert unbounded == ["Template", "AccessLogDelivery", "ReadAlarms", "CloudFront"]
    named = [name for statement in statements() for name in listed(statement["Resource"]) if name != "*"]
    assert [name for name in named if "xkcd-gather-" not in name] == [
        "arn:aws:apigateway:eu-central-1::/apis",
        "arn:aws:apigateway:eu-central-1::/apis/*",
        "arn:aws:apigateway:eu-central-1::/tags/*",
    ]


def test_the_policy_is_small_enough_for_iam() -> None:
    assert len("".join(POLICY.read_text().split())) <= 6144
