#!/usr/bin/env bash
# The Standard Webhooks libraries of PyPI and npm verify no Ed25519 signature, which the standard has as `v1a`.
#
# Versions: standardwebhooks 1.1.0 (PyPI), standardwebhooks 1.1.1 (npm), Python 3.11, Node 20.
# Run: a message that is signed as the standard says for asymmetric keys (`v1a,` and the Ed25519 signature of
#   `id.timestamp.body`), verified with its public key, `whpk_…` as the standard writes it and without the prefix.
# Seen: neither takes it. Python raises WebhookVerificationError "No matching signature found" for both forms of the key, as
#   for a forged message. Node raises an Error of its base64 decoder for `whpk_…`, and the same WebhookVerificationError
#   for the bare key. A message signed with `v1` is taken by both.
# Why it matters: a service that offers its receivers Ed25519 cannot tell them to verify with the standard's own library,
#   and the error says that the sender's signature is wrong. They have to verify with a library for Ed25519.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.1.0
npm install --prefix "$work" --no-audit --no-fund --loglevel=error standardwebhooks@1.1.1 >/dev/null

cat >"$work/verify.cjs" <<'JS'
const crypto = require("node:crypto");
const fs = require("node:fs");
const { Webhook } = require("standardwebhooks");

const [body, timestamp] = ['{"type":"test"}', String(Math.floor(Date.now() / 1000))];
const signed = Buffer.from(`msg_1.${timestamp}.${body}`);
const headers = (signature) => ({
  "webhook-id": "msg_1",
  "webhook-timestamp": timestamp,
  "webhook-signature": signature,
});
const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
const secret = crypto.randomBytes(32);
const cases = {
  whpk: [`whpk_${key}`, headers(`v1a,${crypto.sign(null, signed, privateKey).toString("base64")}`)],
  bare: [key, headers(`v1a,${crypto.sign(null, signed, privateKey).toString("base64")}`)],
  symmetric: [
    `whsec_${secret.toString("base64")}`,
    headers(`v1,${crypto.createHmac("sha256", secret).update(signed).digest("base64")}`),
  ],
};
fs.writeFileSync(process.argv[2], JSON.stringify({ body, cases }));
for (const [name, [given, of]] of Object.entries(cases)) {
  let seen = "verified";
  try {
    new Webhook(given).verify(body, of);
  } catch (error) {
    seen = `${error.constructor.name}: ${error.message}`;
  }
  console.log(`node ${name}: ${seen}`);
}
JS
cat >"$work/verify.py" <<'PY'
import json
import sys

from standardwebhooks.webhooks import Webhook

with open(sys.argv[1]) as file:
    made = json.load(file)
for name, (given, headers) in made["cases"].items():
    seen = "verified"
    try:
        Webhook(given).verify(made["body"], headers)
    except Exception as error:
        seen = f"{type(error).__name__}: {error}"
    print(f"python {name}: {seen}")
PY
(cd "$work" && node verify.cjs made.json >seen.txt && venv/bin/python verify.py made.json >>seen.txt)
cat "$work/seen.txt"
diff - "$work/seen.txt" <<'SEEN'
node whpk: Error: Base64Coder: incorrect characters for decoding
node bare: WebhookVerificationError: No matching signature found
node symmetric: verified
python whpk: WebhookVerificationError: No matching signature found
python bare: WebhookVerificationError: No matching signature found
python symmetric: verified
SEEN
echo "as described"
