"""Cases in which what stands behind CloudFront fails, connections break, or a page does not work for its viewers."""

from edge_answers import (
    NEW,
    Case,
    broken,
    fetched,
    from_origin,
    hit,
    miss,
    s3_error,
    said,
)
from own_edge import Answer

API = {"origin_kind": "custom", "origin_domain": "abc123.execute-api.us-east-1.amazonaws.com"}
CUSTOM = {"origin_kind": "custom"}
APP = {"cors_origin": "https://app.example.com"}
ALLOWED = {"Access-Control-Allow-Origin": "https://app.example.com"}
JSON = "application/json"
S3_403 = s3_error("AccessDenied", 403)


def page(inside):
    return fetched(b"<!doctype html><title>Bakery</title>" + inside)


OF_ORIGINS = [
    broken(
        "an origin whose name is not found",
        "origin_not_resolved",
        said("CloudFront wasn't able to resolve the origin domain name.", 502),
        distribution=CUSTOM,
    ),
    broken(
        "an origin that cannot be reached",
        "origin_not_connected",
        said("CloudFront wasn't able to connect to the origin.", 502),
        distribution=CUSTOM,
    ),
    broken(
        "an origin that closes the connection",
        "origin_not_connected",
        said(
            "CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin closed the connection.",
            502,
        ),
        distribution=CUSTOM,
    ),
    broken(
        "an origin that is too slow",
        "origin_timeout",
        said(
            "CloudFront attempted to establish a connection with the origin, but either the attempt failed or the origin closed the connection.",
            504,
        ),
        distribution=CUSTOM,
    ),
    broken(
        "an origin whose answer CloudFront cannot use",
        "origin_bad_gateway",
        said("CloudFront couldn't connect to the origin or the origin returned an incorrect response.", 502),
        distribution=CUSTOM,
    ),
    broken(
        "a load balancer without a target",
        "origin_unavailable",
        from_origin(b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>", 503, "awselb/2.0"),
        distribution=CUSTOM,
    ),
    broken(
        "a load balancer whose target fails",
        "origin_failed",
        from_origin(b"<html><head><title>502 Bad Gateway</title></head></html>", 502, "awselb/2.0"),
        distribution=CUSTOM,
    ),
    broken(
        "a load balancer whose target is too slow",
        "origin_timeout",
        from_origin(b"<html><head><title>504 Gateway Time-out</title></head></html>", 504, "awselb/2.0"),
        distribution=CUSTOM,
    ),
    broken(
        "an application that fails",
        "origin_failed",
        from_origin(b"<h1>Internal Server Error</h1>", 500, "gunicorn"),
        distribution=CUSTOM,
    ),
    broken(
        "an application with a page for what it has not",
        "not_found",
        from_origin(b"<h1>We could not find that</h1>", 404, "gunicorn"),
        distribution=CUSTOM,
    ),
    broken(
        "an application that refuses", "refused_by_origin", from_origin(b"<h1>Forbidden</h1>", 403, "nginx"), distribution=CUSTOM
    ),
    broken(
        "an application that wants fewer requests",
        "too_many_requests",
        from_origin(b"slow down", 429, "nginx", Retry_After="120"),
        distribution=CUSTOM,
    ),
    broken(
        "an API that asks for its key",
        "api_key_required",
        from_origin(b'{"message":"Forbidden"}', 403, None, JSON, x_amzn_ErrorType="ForbiddenException", x_amz_apigw_id="Y2p="),
        distribution=API,
    ),
    broken(
        "an API without this path",
        "not_found",
        from_origin(
            b'{"message":"Missing Authentication Token"}',
            403,
            None,
            JSON,
            x_amzn_ErrorType="MissingAuthenticationTokenException",
            x_amz_apigw_id="Y2p=",
        ),
        distribution=API,
    ),
    broken(
        "an API whose quota is used up",
        "api_quota_exceeded",
        from_origin(
            b'{"message":"Limit Exceeded"}', 429, None, JSON, x_amzn_ErrorType="LimitExceededException", x_amz_apigw_id="Y2p="
        ),
        distribution=API,
    ),
    broken(
        "an API that is asked too often",
        "too_many_requests",
        from_origin(
            b'{"message":"Too Many Requests"}',
            429,
            None,
            JSON,
            x_amzn_ErrorType="TooManyRequestsException",
            x_amz_apigw_id="Y2p=",
        ),
        distribution=API,
    ),
    broken(
        "an API whose function fails",
        "origin_failed",
        from_origin(
            b'{"message": "Internal server error"}',
            502,
            None,
            JSON,
            x_amzn_ErrorType="InternalServerErrorException",
            x_amz_apigw_id="Y2p=",
        ),
        distribution=API,
    ),
    broken(
        "an error of a host that does not lead to CloudFront",
        "not_cloudfront",
        Answer(
            b"<h1>404</h1>", 404, None, headers={"Via": None, "X-Amz-Cf-Pop": None, "X-Amz-Cf-Id": None, "Server": "GitHub.com"}
        ),
    ),
]

OF_CONNECTIONS = [
    broken("a connection that is reset", "protocol_error", Answer(way="reset")),
    broken("a body that ends half-way", "protocol_error", hit(NEW, 2, way="cut")),
    broken("something that is not HTTP", "protocol_error", Answer(b"SSH-2.0-OpenSSH_9.2p1\r\n", way="raw")),
    broken("an edge that never answers", "answer_timeout", Answer(way="hang")),
    broken("a body that comes a byte a second", "answer_timeout", hit(NEW, 2, way="trickle")),
]

OF_PAGES = [
    broken(
        "a page whose style sheet is missing",
        "reference_missing",
        page(b'<link rel="stylesheet" href="/site.5121.css">'),
        also={"/site.5121.css": S3_403},
    ),
    broken(
        "a page whose script is an HTML page",
        "reference_missing",
        page(b'<script src="/app.5121.js"></script>'),
        also={"/app.5121.js": Answer(NEW, x_cache="Error from cloudfront")},
    ),
    broken(
        "a page whose script the origin is too slow for",
        "reference_missing",
        page(b'<script src="/app.5121.js"></script>'),
        also={"/app.5121.js": said("words", 504)},
    ),
    broken(
        "a page by HTTPS with a script by HTTP", "mixed_content", page(b'<script src="http://cdn.example.net/app.js"></script>')
    ),
    Case("a page that links to HTTP", "fresh", None, page(b'<a href="http://old.example.net/">our old page</a>')),
    Case(
        "a page with an image by HTTP, which browsers upgrade", "fresh", None, page(b'<img src="http://cdn.example.net/a.png">')
    ),
    Case("a page with files of another site", "fresh", None, page(b'<script src="https://cdn.example.net/app.js"></script>')),
    Case(
        "a page with files in a comment and in a template",
        "fresh",
        None,
        page(b'<!-- <script src="/gone.js"></script> --><template><img src="/gone.png"></template>'),
    ),
    Case(
        "a page with an address that is escaped",
        "fresh",
        None,
        page(b'<base href="/app/"><script src="a.js?x=1&amp;y=2"></script>'),
        also={"/app/a.js?x=1&y=2": miss(b"1", headers={"Content-Type": "text/javascript"})},
    ),
]

OF_OTHER_ORIGINS = [
    broken("a page that no other origin may read", "cors_missing", fetched(NEW), also={"origin": hit(NEW, 1)}, settings=APP),
    broken(
        "a page that another origin may read",
        "cors_other_origin",
        fetched(NEW),
        also={"origin": hit(NEW, 1, headers={"Access-Control-Allow-Origin": "https://www.example.com"})},
        settings=APP,
    ),
    broken(
        "a copy without the origin that was asked for",
        "cors_cached_without_origin",
        fetched(NEW, headers=ALLOWED),
        also={"origin": hit(NEW, 1)},
        settings=APP,
    ),
    broken(
        "a page that allows everybody, with passwords",
        "cors_credentials_with_any",
        fetched(NEW),
        also={"origin": hit(NEW, 1, headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"})},
        settings=APP,
    ),
    broken(
        "a page that is refused to another origin",
        "cors_request_refused",
        fetched(NEW),
        also={"origin": from_origin(b"origin not allowed", 403, "nginx")},
        settings=APP,
        distribution=CUSTOM,
    ),
    # A GET without special headers needs no preflight.
    Case(
        "a page that the origin may read",
        "fresh",
        None,
        fetched(NEW),
        also={
            "origin": hit(NEW, 1, headers=ALLOWED),
            "OPTIONS": said(
                "This distribution is not configured to allow the HTTP request method that was used for this request.", 403
            ),
        },
        settings=APP,
    ),
]

CASES = OF_ORIGINS + OF_CONNECTIONS + OF_PAGES + OF_OTHER_ORIGINS
