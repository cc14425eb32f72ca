"""Cases in which S3, CloudFront itself or code at the edge answers with an error: what is wrong."""

from edge_answers import (
    ANY,
    Case,
    broken,
    by_function,
    from_origin,
    refused_signature,
    s3_error,
    said,
    website_error,
)

S3_404 = s3_error("NoSuchKey", 404, "<Key>news.html</Key>")
S3_403 = s3_error("AccessDenied", 403)
WEBSITE = {"origin_kind": "website"}
SIGNED = {"trusted_keys": ["K2JCJMDEHXQW5F"]}


OF_S3 = [
    broken("a file that the bucket has not or does not give", "object_missing_or_denied", S3_403),
    broken("a file that the bucket has not", "object_missing", S3_404),
    broken("a bucket that no longer lets CloudFront read", "bucket_denied", S3_403, before=S3_404),
    broken("a folder, of which S3 has no index", "no_folder_index", S3_403, before=S3_403, path="/about/"),
    broken(
        "a root without an object",
        "no_default_root_object",
        S3_403,
        before=S3_403,
        path="/",
        distribution={"default_root_object": ""},
    ),
    broken("a bucket that is gone", "bucket_missing", s3_error("NoSuchBucket", 404, "<BucketName>bakery</BucketName>")),
    broken("a file that a website endpoint has not", "object_missing", website_error("NoSuchKey", 404), distribution=WEBSITE),
    broken(
        "a website endpoint that refuses", "object_missing_or_denied", website_error("AccessDenied", 403), distribution=WEBSITE
    ),
    broken(
        "an error page that is missing itself",
        "error_page_missing",
        S3_404,
        distribution={"error_pages": [{"error_code": 404, "response_page_path": "/404.html", "response_code": 404}]},
    ),
    # A role that may not use the key: S3 says so in its own words (KMS).
    broken(
        "a file whose key CloudFront may not use",
        ("object_missing_or_denied", "bucket_denied"),
        s3_error("AccessDenied", 403, "<Resource>kms:Decrypt</Resource>"),
    ),
    broken("a bucket that asks to slow down", "origin_unavailable", s3_error("SlowDown", 503)),
    Case(
        "a folder that nobody named",
        "unclear",
        "guessed_url",
        s3_error("NoSuchKey", 404),
        before=s3_error("NoSuchKey", 404),
        path="/blog/",
        item="/blog/*",
    ),
]

OF_THE_EDGE = [
    broken(
        "AWS WAF",
        "blocked_by_waf",
        said("Request blocked.", 403),
        distribution={"web_acl": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/all/1"},
    ),
    broken(
        "AWS WAF with words of its own",
        "refused_maybe_waf",
        said("Computer says no.", 403),
        distribution={"web_acl": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/all/1"},
    ),
    broken(
        "a country that is blocked",
        "blocked_by_country",
        said("The Amazon CloudFront distribution is configured to block access from your country.", 403),
        distribution={"geo_restriction": {"blacklist": ["DE"]}},
    ),
    broken(
        "a URL that has to be signed",
        "signature_required",
        refused_signature("MissingKey", "Missing Key-Pair-Id query parameter or cookie value"),
        distribution=SIGNED,
    ),
    broken(
        "a signature of an unknown key", "signer_unknown", refused_signature("InvalidKey", "Unknown Key"), distribution=SIGNED
    ),
    broken(
        "a signature that is over", "signature_denied", refused_signature("AccessDenied", "Access denied"), distribution=SIGNED
    ),
    broken("a host that no distribution has", "host_not_alias", said("Bad request.", 403)),
    broken(
        "a host whose distribution is being deployed",
        "deploying",
        said("Bad request.", 403),
        distribution={"status": "InProgress"},
    ),
    broken("a disabled distribution", "disabled", said("Bad request.", 403), distribution={"enabled": False}),
    broken(
        "HTTP where only HTTPS is served",
        "https_required",
        said("Bad request.", 403),
        also={"http": said("Bad request.", 403)},
        settings={"urls": ["http://HOST/news.html"]},
        item="/*",
        url="http://HOST/news.html",
    ),
    broken(
        "a distribution behind a distribution",
        "stacked_distribution",
        said("Bad request.", 403),
        distribution={"origin_kind": "custom", "origin_domain": "d111111abcdef8.cloudfront.net"},
    ),
    broken("a request that CloudFront cannot read", ANY, said("Bad request.", 400)),
    broken(
        "a connection that was made for another certificate",
        ANY,
        from_origin(
            b"<html><head><title>421 Misdirected Request</title></head><hr><center>CloudFront</center></html>", 421, "CloudFront"
        ),
    ),
    broken(
        "a method that is not allowed",
        "method_not_allowed",
        said(
            "This distribution is not configured to allow the HTTP request method that was used for this request. The distribution supports only cachable requests.",
            403,
        ),
    ),
    broken(
        "a CloudFront Function that fails",
        "function_failed",
        said(
            "The CloudFront function associated with the CloudFront distribution is invalid or could not run.",
            503,
            "FunctionExecutionError from cloudfront",
        ),
    ),
    broken(
        "a Lambda function that fails",
        "function_failed",
        said(
            "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the required permissions.",
            503,
            "LambdaExecutionError from cloudfront",
        ),
    ),
    broken(
        "a Lambda function whose answer is none",
        "function_failed",
        said(
            "The Lambda function result failed validation: The header is read only.", 502, "LambdaValidationError from cloudfront"
        ),
    ),
    broken(
        "too many Lambda functions at one time",
        "limit_exceeded",
        said("The Lambda function was throttled.", 503, "LambdaLimitExceeded from cloudfront"),
    ),
    broken(
        "too many requests for CloudFront",
        "limit_exceeded",
        said("The request throughput limit was exceeded.", 503, "LimitExceeded from cloudfront"),
    ),
    broken("a function that refuses", "refused_by_function", by_function(403)),
    broken(
        "a function that refuses for the law", "refused_by_function", by_function(451, "LambdaGeneratedResponse from cloudfront")
    ),
    broken(
        "a function that asks for a password", "credentials_required", by_function(401, WWW_Authenticate='Basic realm="staging"')
    ),
]

CASES = OF_S3 + OF_THE_EDGE
