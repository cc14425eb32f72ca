#!/usr/bin/env bash
# boto3 and the SDK for JavaScript keep blanks around an invalidation's status, and the waiter then never sees Completed.
#
# Versions: boto3 and botocore 1.44.8 (PyPI), @aws-sdk/client-cloudfront 3.1164.0 (npm), Python 3.11, Node 20.
# Run: GetInvalidation against a stand-in whose answer is the documented XML, indented by a formatter, so that
#   `Completed` stands on a line of its own. Well-formed XML; only the blanks around the value differ.
# Seen: both give the status back with its line break and blanks ("\n      Completed\n    "). The waiter of boto3
#   compares it with "Completed", asks until its attempts are used up and raises WaiterError.
# Why it matters: a proxy, gateway or stand-in that formats XML turns a finished invalidation into one that is in
#   progress for ever, and a deployment that waits for it fails after ten minutes. Whoever reads the status has to trim it.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${stand_in:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8 botocore==1.44.8
npm install --prefix "$work" --no-audit --no-fund --loglevel=error @aws-sdk/client-cloudfront@3.1164.0 >/dev/null

cat >"$work/stand_in.py" <<'PY'
import http.server

ANSWER = b"""<?xml version="1.0"?>
<Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
    <Id>I1</Id>
    <Status>
      Completed
    </Status>
    <CreateTime>2026-11-28T00:00:00Z</CreateTime>
    <InvalidationBatch>
        <Paths><Quantity>1</Quantity><Items><Path>/a.html</Path></Items></Paths>
        <CallerReference>r</CallerReference>
    </InvalidationBatch>
</Invalidation>"""

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 "$work/stand_in.py" >"$work/port" &
stand_in=$!
until [[ -s $work/port ]]; do sleep 0.1; done

export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=example AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1
export AWS_ENDPOINT_URL_CLOUDFRONT="http://127.0.0.1:$(cat "$work/port")" AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null

"$work/venv/bin/python" - >"$work/seen" <<'PY'
import json

import boto3
from botocore.exceptions import WaiterError

cloudfront = boto3.client("cloudfront")
status = cloudfront.get_invalidation(DistributionId="E1", Id="I1")["Invalidation"]["Status"]
print("boto3:", json.dumps(status))
try:
    waiter = cloudfront.get_waiter("invalidation_completed")
    waiter.wait(DistributionId="E1", Id="I1", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    print("waiter: ended")
except WaiterError as error:
    print("waiter:", error.kwargs["reason"])
PY
(cd "$work" && node --no-warnings --input-type=module -) >>"$work/seen" <<'JS'
import { CloudFront } from "@aws-sdk/client-cloudfront";
const answer = await new CloudFront().getInvalidation({ DistributionId: "E1", Id: "I1" });
console.log("javascript:", JSON.stringify(answer.Invalidation.Status));
JS

cat "$work/seen"
diff "$work/seen" - <<'END'
boto3: "\n      Completed\n    "
waiter: Max attempts exceeded
javascript: "\n      Completed\n    "
END
echo "as described"
