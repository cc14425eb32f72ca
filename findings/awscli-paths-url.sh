#!/usr/bin/env bash
# The AWS CLI 1 downloads a URL that stands alone behind `--paths` and takes the page's text as the value.
#
# Versions: awscli 1.46.3 (PyPI), Python 3.11.
# Run: `aws cloudfront create-invalidation --distribution-id E1 --paths http://HOST/page.html`, then the same with a
#   second path behind it, against a stand-in that prints what it is sent.
# Seen: alone, the CLI makes a GET of the URL, nothing is sent to CloudFront, and the message names the *text of the
#   page* ("Invalid type for parameter InvalidationBatch.Paths.Items, value: /from-the-page.html"). With a second path
#   behind it the same URL is sent to CloudFront as it stands, as a path that no viewer can ask for; exit code 0.
# Why it matters: people paste the URL that they see in the browser. One spelling fails with words that seem to have
#   nothing to do with it, and the machine of the pipeline asks an address that somebody typed; the other is billed and
#   refreshes nothing. (`cli_follow_urlparam` in the AWS CLI 1 user guide tells of the download; the AWS CLI 2 has none.)
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${stand_in:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check awscli==1.46.3

cat >"$work/stand_in.py" <<'PY'
import http.server
import re

ANSWER = b"""<?xml version="1.0"?><Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>I1</Id>
<Status>InProgress</Status><CreateTime>2026-11-28T00:00:00Z</CreateTime><InvalidationBatch><Paths><Quantity>0</Quantity>
</Paths><CallerReference>r</CallerReference></InvalidationBatch></Invalidation>"""

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        print("GET", self.path, flush=True)
        self.answer(200, "text/html", b"/from-the-page.html")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        print("POST", re.findall("<Path>(.*?)</Path>", body), flush=True)
        self.answer(201, "text/xml", ANSWER)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 "$work/stand_in.py" >"$work/calls" &
stand_in=$!
until [[ -s $work/calls ]]; do sleep 0.1; done
port=$(head -n 1 "$work/calls")
page="http://127.0.0.1:$port/page.html"

export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=example AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT_URL_CLOUDFRONT="http://127.0.0.1:$port" AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
invalidate() { "$work/venv/bin/aws" cloudfront create-invalidation --distribution-id E1 --paths "$@"; }

alone=0
invalidate "$page" >"$work/alone" 2>&1 || alone=$?
both=0
invalidate "$page" /b.html >"$work/both" 2>&1 || both=$?

echo "alone: exit $alone"
cat "$work/alone"
echo "with a second path: exit $both"
echo "what the stand-in was asked:"
tail -n +2 "$work/calls"

[[ $alone -ne 0 ]]
grep -q 'Paths.Items, value: /from-the-page.html' "$work/alone"
[[ $both -eq 0 ]]
diff <(tail -n +2 "$work/calls") <(printf "GET /page.html\nPOST ['%s', '/b.html']\n" "$page")
echo "as described"
