"""What serverless.yml becomes: the template that CloudFormation gets, read as it stands."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.web import http_caching
from app.web.envelope import HEADERS, PREFLIGHT
from tests.commands import ROOT
from tests.deployment.conftest import CERTIFICATE, Template, compiled
from tests.deployment.metric_filters import counts

ALARMS = {
    "ErrorsAlarm": ("AWS/Lambda", "Errors", {"FunctionName": "ApiLambdaFunction"}, 1, (1, 1)),
    "LambdaThrottlesAlarm": ("AWS/Lambda", "Throttles", {"FunctionName": "ApiLambdaFunction"}, 1, (1, 1)),
    "ServerErrorsAlarm": ("AWS/ApiGateway", "5xx", {"ApiId": "HttpApi"}, 10, (2, 3)),
    "FailedPingsAlarm": ("xkcd-gather-prod", "FailedPings", {}, 1, (3, 4)),
    "ThrottledRequestsAlarm": ("xkcd-gather-prod", "ThrottledRequests", {}, 100, (1, 1)),
}
"""Each alarm's metric, its dimensions, the sum of five minutes that raises it, and in how many of the last periods."""


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
    assert variables == {
        "STRIP_STAGE_PATH": "true",
        "COMICS_TABLE": "xkcd-gather-prod",
        "CONTACT": "",
        "PUBLIC_URL": "",
        "CONNECT_AT_START": "6",
    }


def test_the_function_knows_whom_xkcd_can_write_to(cloud_front: Template) -> None:
    assert properties(cloud_front, "ApiLambdaFunction")["Environment"]["Variables"]["CONTACT"] == "me@example.org"


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


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_raised_by_that_much_in_five_minutes(prod: Template, name: str) -> None:
    alarm = properties(prod, name)
    dimensions = {dimension["Name"]: dimension["Value"]["Ref"] for dimension in alarm.get("Dimensions", [])}
    periods = (alarm.get("DatapointsToAlarm", 1), alarm["EvaluationPeriods"])
    assert (alarm["Namespace"], alarm["MetricName"], dimensions, alarm["Threshold"], periods) == ALARMS[name]
    names = ("Statistic", "Period", "ComparisonOperator", "TreatMissingData")
    assert [alarm[name] for name in names] == ["Sum", 300, "GreaterThanOrEqualToThreshold", "notBreaching"]


def test_nobody_is_notified_of_an_alarm_unless_a_topic_is_named(prod: Template) -> None:
    assert prod["Parameters"]["AlarmTopic"]["Default"] == ""
    assert prod["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopic"}, ""]}]}
    alarms = {name: part for name, part in prod["Resources"].items() if part["Type"] == "AWS::CloudWatch::Alarm"}
    actions = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
    assert {name: part["Properties"]["AlarmActions"] for name, part in alarms.items()} == dict.fromkeys(ALARMS, actions)


@pytest.mark.parametrize(("name", "group"), [("FailedPings", "ApiLogGroup"), ("ThrottledRequests", "HttpApiLogGroup")])
def test_a_metric_filter_counts_the_lines_of_its_log_for_its_alarm(prod: Template, name: str, group: str) -> None:
    found = properties(prod, name)
    assert found["LogGroupName"] == {"Ref": group}
    assert found["MetricTransformations"] == [
        {"MetricNamespace": "xkcd-gather-prod", "MetricName": name, "MetricValue": "1"}
    ]


@pytest.mark.parametrize(("status", "counted"), [("429", True), ("200", False), ("503", False)])
def test_the_gateways_429_are_counted_in_its_log(prod: Template, status: str, counted: bool) -> None:
    line = properties(prod, "HttpApiStage")["AccessLogSettings"]["Format"].replace("$context.status", status)
    assert counts("ThrottledRequests", line) == counted


def test_there_is_no_dashboard_unless_wanted(prod: Template, cloud_front: Template) -> None:
    assert prod["Resources"]["OperatingDashboard"]["Condition"] == "HasDashboard"
    assert prod["Conditions"]["HasDashboard"] == {"Fn::Equals": [{"Ref": "Dashboard"}, "on"]}
    assert [template["Parameters"]["Dashboard"]["Default"] for template in (prod, cloud_front)] == ["off", "on"]


def widgets(template: Template, kind: str) -> list[dict[str, Any]]:
    """The properties of the dashboard's widgets of that type, as they are before CloudFormation puts names in."""
    body = json.loads(properties(template, "OperatingDashboard")["DashboardBody"]["Fn::Sub"])
    return [widget["properties"] for widget in body["widgets"] if widget["type"] == kind]


def test_the_dashboard_shows_every_alarm(prod: Template) -> None:
    (shown,) = widgets(prod, "alarm")
    assert shown["alarms"] == [f"${{{name}.Arn}}" for name in ALARMS]


def test_the_dashboard_asks_the_log_what_the_documentation_does(prod: Template) -> None:
    source = "SOURCE '${ApiLogGroup}' | "
    shown = {widget["title"]: widget["query"].removeprefix(source) for widget in widgets(prod, "log")}
    text = (ROOT / "docs/operating.md").read_text().partition("\n### The queries of the dashboard\n")[2]
    documented = dict(re.findall(r"^(.+):\n\n((?: {4}.+\n)+)", text, re.MULTILINE))
    assert shown == {title: " ".join(query.split()) for title, query in documented.items()}


def test_cloud_front_is_off_unless_asked_for(prod: Template, cloud_front: Template) -> None:
    defaults = [template["Parameters"]["CloudFront"]["Default"] for template in (prod, cloud_front)]
    assert defaults == ["off", "on"]
    assert prod["Conditions"]["HasCloudFront"] == {"Fn::Equals": [{"Ref": "CloudFront"}, "on"]}
    parts = [*prod["Resources"].values(), *prod["Outputs"].values()]
    assert sum(part.get("Condition") == "HasCloudFront" for part in parts) == 5
    assert {part["Condition"] for part in parts if "CloudFront" in part.get("Type", "")} == {"HasCloudFront"}


def test_cloud_fronts_key_is_the_path_all_parameters_and_whether_gzip_is_taken(cloud_front: Template) -> None:
    config = properties(cloud_front, "CachePolicy")["CachePolicyConfig"]
    assert config["ParametersInCacheKeyAndForwardedToOrigin"] == {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": False,
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
    }


def test_where_accept_decides_between_page_and_json_it_is_in_the_key_too(cloud_front: Template) -> None:
    distribution = properties(cloud_front, "Distribution")["DistributionConfig"]
    behavior = distribution["CacheBehaviors"][0]
    by_type = {"PathPattern": "/archive", "CachePolicyId": {"Ref": "CachePolicyByType"}}
    assert behavior == {**distribution["DefaultCacheBehavior"], **by_type}
    config = properties(cloud_front, "CachePolicyByType")["CachePolicyConfig"]
    parameters = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert parameters["HeadersConfig"] == {"HeaderBehavior": "whitelist", "Headers": ["Accept"]}
    assert parameters["QueryStringsConfig"] == {"QueryStringBehavior": "whitelist", "QueryStrings": ["since"]}


def test_cloud_front_keeps_what_the_app_says_for_as_long_as_it_says(cloud_front: Template) -> None:
    config = properties(cloud_front, "CachePolicy")["CachePolicyConfig"]
    assert [config[name] for name in ("MinTTL", "DefaultTTL")] == [0, 0]
    fresh, renewing, failing = map(int, re.findall(r"=(\d+)", http_caching.FOR_A_DAY))
    assert config["MaxTTL"] == fresh + max(renewing, failing)


def test_cloud_front_keeps_no_problem(cloud_front: Template) -> None:
    responses = properties(cloud_front, "Distribution")["DistributionConfig"]["CustomErrorResponses"]
    assert {answer["ErrorCode"]: answer["ErrorCachingMinTTL"] for answer in responses} == dict.fromkeys(
        (400, 404, 405, 500, 501, 502, 503, 504), 0
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
        "ResponseHeadersPolicyId": {"Ref": "CorsPolicy"},
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
        "Compress": True,
    }


def test_cloud_front_adds_the_apps_cors_headers_to_answers_that_have_none(cloud_front: Template) -> None:
    config = properties(cloud_front, "CorsPolicy")["ResponseHeadersPolicyConfig"]
    assert config["CorsConfig"] == {
        "OriginOverride": False,
        "AccessControlAllowCredentials": False,
        "AccessControlAllowOrigins": {"Items": [HEADERS["Access-Control-Allow-Origin"]]},
        "AccessControlAllowMethods": {"Items": ["GET", "HEAD", "OPTIONS"]},
        "AccessControlAllowHeaders": {"Items": [PREFLIGHT["Access-Control-Allow-Headers"]]},
        "AccessControlExposeHeaders": {"Items": HEADERS["Access-Control-Expose-Headers"].split(", ")},
        "AccessControlMaxAgeSec": int(PREFLIGHT["Access-Control-Max-Age"]),
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
