"""What serverless.yml becomes: the template that CloudFormation gets, read as it stands."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands import serverless, service

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
CLOUD_FRONT = {"cloudFront": "on", "domain": "comics.example.org", "certificate": CERTIFICATE}

Template = dict[str, Any]


def compiled(directory: Path, stage: str, **params: str) -> Path:
    """The template's file."""
    chosen = [f"--param={name}={value}" for name, value in params.items()]
    serverless(service(directory), "package", "--stage", stage, "--package", "package", *chosen)
    return directory / "package/cloudformation-template-update-stack.json"


@pytest.fixture(scope="session")
def prod_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("prod"), "prod")


@pytest.fixture(scope="session")
def cloud_front_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("cloud_front"), "prod", **CLOUD_FRONT)


@pytest.fixture(scope="session")
def prod(prod_file: Path) -> Template:
    template: Template = json.loads(prod_file.read_text())
    return template


@pytest.fixture(scope="session")
def cloud_front(cloud_front_file: Path) -> Template:
    template: Template = json.loads(cloud_front_file.read_text())
    return template


def properties(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def get_att(name: str, attribute: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


@pytest.mark.parametrize("file", ["prod_file", "cloud_front_file"])
def test_cfn_lint_has_nothing_to_say(file: str, request: pytest.FixtureRequest) -> None:
    command = [str(Path(sys.prefix, "bin/cfn-lint")), str(request.getfixturevalue(file))]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_function_is_python_on_arm_with_one_vcpu_and_a_second_less_than_the_gateway(prod: Template) -> None:
    function = properties(prod, "ApiLambdaFunction")
    names = ("Handler", "Runtime", "Architectures", "MemorySize", "Timeout")
    assert [function[name] for name in names] == ["handler.handler", "python3.13", ["arm64"], 1769, 29]


def test_the_function_knows_its_table_where_its_paths_begin_and_that_it_is_to_connect_at_once(prod: Template) -> None:
    variables = properties(prod, "ApiLambdaFunction")["Environment"]["Variables"]
    assert variables == {"STRIP_STAGE_PATH": "true", "COMICS_TABLE": "xkcd-gather-prod", "CONNECT_AT_START": "5"}


def test_the_functions_log_is_json(prod: Template) -> None:
    assert properties(prod, "ApiLambdaFunction")["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
    }


@pytest.mark.parametrize("group", ["ApiLogGroup", "HttpApiLogGroup"])
def test_logs_are_kept_for_thirty_days(prod: Template, group: str) -> None:
    assert properties(prod, group)["RetentionInDays"] == 30


def test_the_access_log_is_json_and_says_nothing_of_the_caller(prod: Template) -> None:
    settings = properties(prod, "HttpApiStage")["AccessLogSettings"]
    assert settings["DestinationArn"] == get_att("HttpApiLogGroup")
    assert json.loads(settings["Format"]) == {
        "requestId": "$context.requestId",
        "time": "$context.requestTime",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
        "bytes": "$context.responseLength",
        "milliseconds": "$context.responseLatency",
        "functionMilliseconds": "$context.integrationLatency",
        "error": "$context.error.message",
        "functionError": "$context.integrationErrorMessage",
    }


def test_the_stage_is_throttled(prod: Template) -> None:
    settings = properties(prod, "HttpApiStage")["DefaultRouteSettings"]
    assert settings == {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20}


def test_every_path_goes_to_the_function_as_payload_2(prod: Template) -> None:
    routes = [part for part in prod["Resources"].values() if part["Type"] == "AWS::ApiGatewayV2::Route"]
    assert [route["Properties"]["RouteKey"] for route in routes] == ["$default"]
    assert properties(prod, "HttpApiIntegrationApi")["PayloadFormatVersion"] == "2.0"


def test_cors_is_left_to_the_app(prod: Template) -> None:
    assert "CorsConfiguration" not in properties(prod, "HttpApi")


def test_the_function_is_pinged_every_five_minutes_with_the_rules_own_event(prod: Template) -> None:
    rule = properties(prod, "ApiEventsRuleSchedule1")
    (target,) = rule["Targets"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(5 minutes)", "ENABLED")
    assert (target["Arn"], target.keys()) == (get_att("ApiLambdaFunction"), {"Arn", "Id"})


def test_the_table_is_paid_by_request_forgets_what_has_expired_and_goes_with_the_stage(prod: Template) -> None:
    assert prod["Resources"]["ComicsTable"] == {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {
            "TableName": "xkcd-gather-prod",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "num", "AttributeType": "N"}],
            "KeySchema": [{"AttributeName": "num", "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        },
    }


def test_the_function_may_use_its_table_and_its_log_and_nothing_else(prod: Template) -> None:
    role = properties(prod, "IamRoleLambdaExecution")
    (policy,) = role["Policies"]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": get_att("ApiLogGroup"),
        },
        {
            "Effect": "Allow",
            "Action": ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:Scan"],
            "Resource": get_att("ComicsTable"),
        },
    ]
    assert "ManagedPolicyArns" not in role


def test_no_wildcard_is_in_the_functions_role(prod: Template) -> None:
    assert "*" not in json.dumps(properties(prod, "IamRoleLambdaExecution"))


def test_one_error_within_five_minutes_raises_the_alarm(prod: Template) -> None:
    alarm = properties(prod, "ErrorsAlarm")
    names = ("Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods", "Threshold")
    assert [alarm[name] for name in names] == [
        "AWS/Lambda",
        "Errors",
        [{"Name": "FunctionName", "Value": {"Ref": "ApiLambdaFunction"}}],
        "Sum",
        300,
        1,
        1,
    ]
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == (
        "GreaterThanOrEqualToThreshold",
        "notBreaching",
    )


def test_nobody_hears_of_the_alarm_unless_a_topic_is_named(prod: Template) -> None:
    assert prod["Parameters"]["AlarmTopic"]["Default"] == ""
    assert prod["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopic"}, ""]}]}
    actions = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
    assert properties(prod, "ErrorsAlarm")["AlarmActions"] == actions


def test_cloud_front_is_off_unless_asked_for(prod: Template, cloud_front: Template) -> None:
    defaults = [template["Parameters"]["CloudFront"]["Default"] for template in (prod, cloud_front)]
    assert defaults == ["off", "on"]
    assert prod["Conditions"]["HasCloudFront"] == {"Fn::Equals": [{"Ref": "CloudFront"}, "on"]}
    parts = [*prod["Resources"].values(), *prod["Outputs"].values()]
    assert sum(part.get("Condition") == "HasCloudFront" for part in parts) == 3
    assert {part["Condition"] for part in parts if "CloudFront" in part.get("Type", "")} == {"HasCloudFront"}


def test_cloud_fronts_key_is_the_path_what_the_app_knows_and_whether_gzip_is_taken(cloud_front: Template) -> None:
    config = properties(cloud_front, "CachePolicy")["CachePolicyConfig"]
    assert config["ParametersInCacheKeyAndForwardedToOrigin"] == {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": False,
        "QueryStringsConfig": {
            "QueryStringBehavior": "whitelist",
            "QueryStrings": ["n", "random", "seed", "latest", "since", "fields"],
        },
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
    }


def test_cloud_front_keeps_what_the_app_says_for_as_long_as_it_says(cloud_front: Template) -> None:
    config = properties(cloud_front, "CachePolicy")["CachePolicyConfig"]
    assert [config[name] for name in ("MinTTL", "DefaultTTL", "MaxTTL")] == [0, 0, 86400]


def test_cloud_front_keeps_no_problem(cloud_front: Template) -> None:
    responses = properties(cloud_front, "Distribution")["DistributionConfig"]["CustomErrorResponses"]
    assert {answer["ErrorCode"]: answer["ErrorCachingMinTTL"] for answer in responses} == dict.fromkeys(
        (400, 404, 405, 500, 502, 503, 504), 0
    )


def test_cloud_front_asks_the_api_over_tls_for_what_only_reads(cloud_front: Template) -> None:
    config = properties(cloud_front, "Distribution")["DistributionConfig"]
    assert config["Origins"] == [
        {
            "Id": "api",
            "DomainName": {"Fn::Sub": "${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"},
            "CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]},
        }
    ]
    assert config["DefaultCacheBehavior"] == {
        "TargetOriginId": "api",
        "CachePolicyId": {"Ref": "CachePolicy"},
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
        "Compress": True,
    }


def test_a_domain_of_ones_own_comes_with_its_certificate(cloud_front: Template) -> None:
    defaults = [cloud_front["Parameters"][name]["Default"] for name in ("Domain", "Certificate")]
    assert defaults == ["comics.example.org", CERTIFICATE]
    config = properties(cloud_front, "Distribution")["DistributionConfig"]
    assert config["Aliases"] == {"Fn::If": ["HasDomain", [{"Ref": "Domain"}], {"Ref": "AWS::NoValue"}]}
    condition, own, default = config["ViewerCertificate"]["Fn::If"]
    assert (condition, own["AcmCertificateArn"]) == ("HasDomain", {"Ref": "Certificate"})
    assert default == {"CloudFrontDefaultCertificate": True}


def test_the_stack_tells_its_endpoint_its_table_and_its_distributions_domain(prod: Template) -> None:
    outputs = {name: prod["Outputs"][name]["Value"] for name in ("Endpoint", "Table", "DistributionDomain")}
    assert outputs == {
        "Endpoint": get_att("HttpApi", "ApiEndpoint"),
        "Table": {"Ref": "ComicsTable"},
        "DistributionDomain": get_att("Distribution", "DomainName"),
    }


def test_the_zips_bucket_is_nobody_elses(prod: Template) -> None:
    assert set(properties(prod, "ServerlessDeploymentBucket")["PublicAccessBlockConfiguration"].values()) == {True}


def test_no_version_of_the_function_outlives_the_stage(prod: Template) -> None:
    kept = [name for name, part in prod["Resources"].items() if part.get("DeletionPolicy") == "Retain"]
    assert kept == []


def test_dev_has_a_table_of_its_own_and_tells_more_for_a_shorter_time(tmp_path: Path) -> None:
    dev = json.loads(compiled(tmp_path, "dev").read_text())
    assert properties(dev, "ComicsTable")["TableName"] == "xkcd-gather-dev"
    assert properties(dev, "ApiLambdaFunction")["LoggingConfig"]["ApplicationLogLevel"] == "DEBUG"
    assert properties(dev, "ApiLogGroup")["RetentionInDays"] == 7
