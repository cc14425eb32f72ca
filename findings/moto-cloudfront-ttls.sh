#!/usr/bin/env bash
# moto's CloudFront keeps TTLs of 0 for a behaviour that names no TTL, where CloudFront fills in its defaults.
#
# Versions: moto 5.2.5, boto3 1.44.5 (PyPI), Python 3.11.
# Run: `create_distribution` with `ForwardedValues` and `MinTTL` alone, then `get_distribution_config`.
# Seen: `DefaultTTL` and `MaxTTL` come back as 0. CloudFront's API reference gives defaults of 86400 and 31536000 s.
# Why it matters: a largest TTL of 0 means that nothing is ever cached. A program that leaves out such paths of a request,
#   because they would be billed for nothing, sends nothing at all in tests on moto, and its user looks for the fault in
#   the wrong place.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "moto[cloudfront]==5.2.5" boto3==1.44.5

cat >"$work/ttls.py" <<'PY'
import boto3
from moto import mock_aws

ORIGIN = {"Id": "o", "DomainName": "origin.example.com",
          "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}}
BEHAVIOR = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}

with mock_aws():
    client = boto3.client("cloudfront", region_name="us-east-1")
    made = client.create_distribution(DistributionConfig={
        "CallerReference": "r", "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [ORIGIN]}, "DefaultCacheBehavior": BEHAVIOR})
    config = client.get_distribution_config(Id=made["Distribution"]["Id"])["DistributionConfig"]
    behavior = config["DefaultCacheBehavior"]
    print(behavior.get("DefaultTTL"), behavior.get("MaxTTL"))
PY
seen=$(AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "$work/venv/bin/python" "$work/ttls.py")
echo "DefaultTTL and MaxTTL: $seen"
[[ $seen == "0 0" ]] || { echo "moto answers otherwise now: the header is out of date" >&2; exit 1; }
