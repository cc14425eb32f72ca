"""Cases in which viewers get an answer that is no error: whether it is the new version."""

import gzip

from edge_answers import (
    ANY,
    HOUR,
    NEW,
    OLD,
    Case,
    by_function,
    fetched,
    hit,
    miss,
    redirect,
)
from own_edge import Answer

SQUID = {
    "Via": "1.1 proxy.example.com (squid/5.7)",
    "X-Cache": "HIT from proxy.example.com",
    "X-Amz-Cf-Pop": None,
    "X-Amz-Cf-Id": None,
}
BEHIND = {"Via": "1.1 varnish (Varnish/7.1), 1.1 3f7ab0.cloudfront.net (CloudFront)", "X-Varnish": "98 32770"}
PACKED = {"Content-Encoding": "gzip", "ETag": 'W/"1"', "Vary": "Accept-Encoding"}
PLAIN = {"ETag": '"1"'}
# More than is read of a body. The first 8 MiB are the same.
BIG, BIG_TOO = (b"%09d\n" % 7 * (900 << 10) + last for last in (b"first", b"other"))
PICTURE, STYLES = {"Content-Type": "image/png"}, {"Content-Type": "text/css"}
BUILD = {"must_contain": "build 5121"}
WITH_BUILD = NEW + b"<!-- build 5121 -->"
UNPROVED = ("no_age", "contradiction")
PAGES = {"error_pages": [{"error_code": code, "response_page_path": "/index.html", "response_code": 200} for code in (403, 404)]}


def x_cache(value, body, **more):
    return Answer(body, x_cache=value, **more)


def after_early_hints(answer, body):
    """The same answer after an informational one (RFC 8297), whose Age has to be 2."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </site.css>; rel=preload; as=style\r\n\r\n"
    head = f"HTTP/1.1 200 OK\r\nX-Cache: Hit from cloudfront\r\nVia: 1.1 a.cloudfront.net (CloudFront)\r\nAge: {answer}\r\n"
    return Answer(hints + head.encode() + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body, way="raw")


OF_TIME = [
    Case("a new file that the look itself made the edge fetch", "fresh", None, fetched(NEW)),
    Case("a new file that another viewer made the edge fetch", "fresh", None, hit(NEW, 2)),
    Case("a copy that was not cleared", "stale", "old_at_edge", hit(OLD)),
    Case("a copy that came into the edge minutes before", "stale", "old_at_edge", hit(OLD, -200)),
    # RFC 9111, 4.2.3: an Age may be of the origin's Date, and the clocks of origin and edge may be 30 s off each.
    Case("a copy that came into the edge just before", "unclear", "age_too_near", hit(OLD, -5)),
    Case(
        "a copy that came into the edge in the same second", ("unclear", "stale"), ("age_too_near", "old_at_edge"), hit(NEW, -0.3)
    ),
    # By the moment at which the answer arrives less its Age, it seems to be cached after the clearing.
    Case("an old copy whose answer takes four seconds to begin", "unclear", "age_too_near", hit(OLD, -1, delay=4)),
    Case("two hosts of the edge, of which one has the old copy", "stale", ANY, [miss(NEW), hit(OLD)]),
    Case("a file uploaded again without a change", "unchanged", "origin_unchanged", fetched(OLD)),
    Case("the same bytes under another ETag", "unchanged", "origin_unchanged", fetched(OLD, headers={"ETag": '"3-of-3"'})),
    Case("an old copy whose Age a policy removes", "unclear", "no_age", hit(OLD, None)),
    Case("a new copy whose Age a policy removes", "unclear", "no_age", hit(NEW, None)),
    Case("a negative Age", "unclear", UNPROVED, hit(NEW, headers={"Age": "-5"})),
    Case("an Age in words", "unclear", UNPROVED, hit(OLD, headers={"Age": "about an hour"})),
    Case("an Age with a fraction", "unclear", UNPROVED, hit(NEW, headers={"Age": "1.5"})),
    Case("two Ages that differ", "unclear", UNPROVED, hit(OLD, headers={"Age": ["2", "3600"]})),
    Case("the same Age twice", "stale", "old_at_edge", hit(OLD, headers={"Age": ["3600", "3600"]})),
    # RFC 9111, 1.2.2: a cache that cannot count so far sends a large number. It may have counted below zero as well.
    Case("an Age that no number can hold", "unclear", UNPROVED, hit(OLD, headers={"Age": "9" * 30})),
    Case("lower-case headers", "stale", "old_at_edge", hit(OLD, headers={"age": "3600", "x-cache": "hit from CLOUDFRONT"})),
    Case("a Date of last year on a new copy", "fresh", None, hit(NEW, 2, headers={"Date": "Sat, 01 Nov 2025 10:00:00 GMT"})),
    Case(
        "a Date of next year on an old copy", "stale", "old_at_edge", hit(OLD, headers={"Date": "Mon, 01 Nov 2027 10:00:00 GMT"})
    ),
    Case("no Date and no Server", "fresh", None, fetched(NEW, headers={"Date": None, "Server": None})),
]

OF_CACHES = [
    Case("a copy of Squid in front of CloudFront", "stale", "cache_in_front", hit(OLD, headers=SQUID)),
    Case("an old copy of Varnish behind CloudFront", "stale", "cache_behind", miss(OLD, cached=-HOUR, headers=BEHIND)),
    Case("a new copy that Varnish behind had before", "unclear", "cache_behind", miss(NEW, cached=-HOUR, headers=BEHIND)),
    Case("a Miss with the Age of nobody known", "unclear", ("cache_behind", "contradiction"), miss(NEW, cached=-HOUR)),
    Case(
        "a host that no longer leads to CloudFront",
        "unclear",
        "not_cloudfront",
        Answer(NEW, x_cache=None, headers={"Via": None, "X-Amz-Cf-Pop": None, "X-Amz-Cf-Id": None, "Server": "nginx"}),
    ),
    Case(
        "an X-Cache that nobody has seen", "unclear", "unknown_x_cache", x_cache("OriginShieldHit from cloudfront", NEW, cached=2)
    ),
    Case(
        "two X-Caches in one", "unclear", "unknown_x_cache", x_cache("Hit from cloudfront, Miss from cloudfront", NEW, cached=2)
    ),
    Case("an old copy without X-Cache", "stale", "old_at_edge", x_cache(None, OLD, cached=-HOUR)),
    Case("a revalidated copy that is old", "unclear", "revalidated", x_cache("RefreshHit from cloudfront", OLD)),
    Case(
        "a page that is made for each viewer",
        "unclear",
        "never_cached",
        [
            miss(OLD + b"<!-- 2 -->", headers={"Cache-Control": "private, no-store"}),
            miss(OLD + b"<!-- 3 -->", headers={"Cache-Control": "private, no-store"}),
        ],
        before=miss(OLD + b"<!-- 1 -->", headers={"Cache-Control": "private, no-store"}),
    ),
    Case("a page that a function makes", "unclear", "generated_at_edge", by_function(200)),
    Case(
        "the page of an application in place of a route",
        "unclear",
        "error_page_served",
        x_cache("Error from cloudfront", NEW),
        path="/users/ada",
        distribution=PAGES,
    ),
    Case(
        "the start page in place of a style sheet",
        "broken",
        "hidden_missing_file",
        x_cache("Error from cloudfront", NEW),
        path="/site.5121.css",
        distribution=PAGES,
    ),
    Case(
        "a page of maintenance that answers 200",
        ("unclear", "broken"),
        ANY,
        x_cache("Error from cloudfront", NEW),
        distribution={"error_pages": [{"error_code": 503, "response_page_path": "/sorry.html", "response_code": 200}]},
    ),
    Case(
        "a compressed copy that was not cleared",
        "stale",
        "compressed_copy_old",
        fetched(NEW),
        also={"gzip": hit(gzip.compress(OLD), headers=PACKED)},
        settings={"compressed": True},
    ),
    Case(
        "a compressed copy that was cleared",
        "fresh",
        None,
        fetched(NEW),
        also={"gzip": hit(gzip.compress(NEW), 1, headers=PACKED)},
        settings={"compressed": True},
    ),
]

OF_BODIES = [
    Case(
        "the same content, compressed from now on",
        ("unchanged", "unclear"),
        ANY,
        fetched(gzip.compress(OLD), headers=PACKED),
        before=hit(OLD, headers=PLAIN),
    ),
    Case(
        "other content, compressed from now on",
        ("fresh", "unclear"),
        ANY,
        fetched(gzip.compress(NEW), headers=PACKED),
        before=hit(OLD, headers={"ETag": '"0"'}),
    ),
    Case(
        "a compressed body, in which no text can be found",
        ("unclear", "broken"),
        ANY,
        fetched(gzip.compress(NEW), headers=PACKED),
        before=hit(OLD, headers={"ETag": '"0"'}),
        settings=BUILD,
    ),
    Case(
        "a huge file under the same ETag",
        "unchanged",
        "origin_unchanged",
        fetched(BIG, headers={"ETag": 'W/"1"'}),
        before=hit(BIG, headers=PLAIN),
    ),
    Case(
        "a huge file under another ETag", "fresh", None, fetched(BIG_TOO, headers={"ETag": '"2"'}), before=hit(BIG, headers=PLAIN)
    ),
    Case(
        "a huge file of another version",
        "fresh",
        None,
        fetched(BIG_TOO, headers={"x-amz-version-id": "n2"}),
        before=hit(BIG, headers={"x-amz-version-id": "k7"}),
    ),
    Case(
        "a huge file that nothing tells apart",
        "unclear",
        ANY,
        fetched(BIG_TOO, headers={"ETag": None}),
        before=hit(BIG, headers={"ETag": None}),
    ),
    Case(
        "a text that may come further on",
        ("fresh", "unclear"),
        ANY,
        fetched(BIG_TOO, headers={"ETag": '"2"'}),
        before=hit(BIG, headers=PLAIN),
        settings=BUILD,
    ),
    Case("an empty file in place of the old one", "fresh", None, fetched(b"")),
    Case("a body in chunks", "fresh", None, fetched(NEW, way="chunked")),
    Case("a body that ends with the connection", "fresh", None, fetched(NEW, headers={"Content-Length": None})),
    Case("a header in Latin-1", "fresh", None, fetched(NEW, headers={"x-amz-meta-author": "J\xe9r\xf4me"})),
    Case("early hints before the answer", "fresh", None, after_early_hints(2, NEW)),
    Case("a 304 that nobody asked for", ("unclear", "broken"), ANY, Answer(b"", 304, cached=2, headers={"Content-Length": None})),
    Case("an error before and a page now", "fresh", None, fetched(NEW), before=Answer(b"", 503, "Error from cloudfront")),
    Case("a connection that was reset before", "unclear", "nothing_to_compare", fetched(NEW), before=Answer(way="reset")),
]

OF_WISHES = [
    Case("the text is there", "fresh", None, fetched(WITH_BUILD), settings=BUILD),
    Case("the text is there, and no Age", "fresh", None, hit(WITH_BUILD, None), settings=BUILD),
    Case(
        "a picture, which is no page that could have the text",
        "fresh",
        None,
        fetched(b"\x89PNG2", headers=PICTURE),
        settings=BUILD,
    ),
    Case(
        "a style sheet, which is no page that must have the text", "fresh", None, fetched(b"h1{}", headers=STYLES), settings=BUILD
    ),
    Case(
        "a list of versions that lacks the text",
        "broken",
        "text_missing",
        fetched(b"5120", headers={"Content-Type": "text/plain"}),
        settings=BUILD,
    ),
    Case("the text is not there", "broken", "text_missing", fetched(NEW), settings=BUILD),
    Case("an old copy that has the text too", "stale", "old_at_edge", hit(WITH_BUILD), before=hit(WITH_BUILD), settings=BUILD),
    Case(
        "a text that must not be there",
        "broken",
        "text_forbidden",
        fetched(NEW + b"<!-- draft -->"),
        settings={"must_not_contain": "draft"},
    ),
    Case("a removed file that is still there", ("broken", "stale"), ("not_gone", "old_at_edge"), hit(OLD), expected="gone"),
    Case("a removed file that leads to the start page", ("broken", "unclear"), "not_gone", redirect("/"), expected="gone"),
    Case("a removed file", "fresh", None, Answer(b"Gone.", 410, "Error from cloudfront"), expected="gone"),
]

OF_REDIRECTS = [
    Case("a redirect to another site", "unclear", "redirected", redirect("https://login.example.net/?back=1", 302)),
    Case(
        "an old redirect from the cache",
        "stale",
        "old_at_edge",
        redirect("/summer.html", x_cache="Hit from cloudfront", cached=-HOUR),
        before=redirect("/summer.html", x_cache="Hit from cloudfront", cached=-HOUR),
    ),
    Case(
        "two URLs that redirect to each other",
        "broken",
        "redirect_loop",
        redirect("/news/"),
        also={"/news/": redirect("/news.html")},
    ),
    # An origin that redirects to HTTPS, asked by HTTP by CloudFront.
    Case("a redirect to the same URL", "broken", "redirect_loop", redirect("https://HOST/news.html")),
    Case(
        "HTTP that CloudFront leads to HTTPS",
        "unclear",
        "redirect_to_https",
        redirect("/"),
        also={"http": redirect("https://HOST/news.html", x_cache="Redirect from cloudfront")},
        settings={"urls": ["http://HOST/news.html"]},
        item="/*",
        url="http://HOST/news.html",
    ),
]

CASES = OF_TIME + OF_CACHES + OF_BODIES + OF_WISHES + OF_REDIRECTS
