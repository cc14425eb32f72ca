//! Output of tools that copy files to where viewers get them from.

use super::*;

#[test]
fn the_lines_of_aws_s3_name_keys_of_the_bucket() {
    check(&[
        ("upload: dist/a b/ü.html to s3://site/a b/ü.html", &["written site:a b/ü.html"]),
        ("upload: ../dist/index.html to s3://site/blog/index.html", &["written site:blog/index.html"]),
        ("upload: ./100% cotton.html to s3://site/100% cotton.html", &["written site:100% cotton.html"]),
        ("upload: ./star* to s3://site/star*", &["written site:star*"]),
        ("upload: a to s3.html to s3://site/a to s3.html", &["written site:a to s3.html"]),
        ("delete: s3://site/old/gone.js", &["deleted site:old/gone.js"]),
        ("copy: s3://a/x to s3://b/x", &["written b:x"]),
        (
            "move: s3://b/y/index.html to s3://b/y/home.html",
            &["deleted b:y/index.html", "written b:y/home.html"],
        ),
        ("move: dist/x.js to s3://b/x.js", &["written b:x.js"]),
        ("move: s3://b/x to y.js to ./x to y.js", &["deleted b:x to y.js"]),
        ("download: s3://site/index.html to ./index.html", &["skipped Downloaded"]),
        ("(dryrun) upload: dist/index.html to s3://site/blog/index.html", &["skipped DryRun"]),
        ("(dryrun) delete: s3://site/x", &["skipped DryRun"]),
        ("upload failed: dist/x to s3://b/x An error occurred (AccessDenied)", &["skipped Failed"]),
        ("warning: Skipping file /x/fifo. File is character special device", &["skipped Failed"]),
        ("upload: a to s3://b/x to s3://c/y", &["refused AmbiguousNames"]),
    ]);
}

#[test]
fn progress_between_carriage_returns_is_passed_over_and_padding_is_cut() {
    let log = "Completed 256.0 KiB/2.9 MiB (10.7 MiB/s) with 4 file(s) remaining  \rCompleted 2.9 MiB/2.9 MiB (8 MiB/s) \
        with 1 file(s) remaining\rupload: dist/index.html to s3://site/index.html      \nCompleted 1 file(s) with ~2 \
        file(s) remaining (calculating...)\r\n/typed\n";
    let wanted = [
        (1, "skipped Progress"),
        (1, "skipped Progress"),
        (1, "written site:index.html"),
        (2, "skipped Progress"),
        (3, "typed /typed"),
    ];
    assert_eq!(numbered(log), wanted.map(|(number, told)| (number, told.to_owned())));
    check(&[
        ("upload: dist/a to s3://site/a   ", &["written site:a"]),
        // The source tells the name's own closing blank.
        ("upload: dist/a  to s3://site/a    ", &["written site:a "]),
        ("upload: dist/a to s3://site/b   ", &["written site:b PaddingCut"]),
        ("delete: s3://site/old.js   ", &["deleted site:old.js PaddingCut"]),
    ]);
}

#[test]
fn what_build_servers_put_around_lines_is_taken_off() {
    check(&[
        (
            "[2026-11-28T06:08:21.123Z] upload: dist/index.html to s3://site/index.html",
            &["written site:index.html"],
        ),
        (
            "2026-11-28T06:08:21.123456Z 00O upload: dist/index.html to s3://site/index.html",
            &["written site:index.html"],
        ),
        ("deploy-1  | upload: dist/index.html to s3://site/index.html", &["written site:index.html"]),
        (
            "2026-11-28T06:08:21.1234567Z upload: dist/index.html to s3://site/index.html",
            &["written site:index.html"],
        ),
        (
            "\u{1b}[2mdist/\u{1b}[22m\u{1b}[32mindex.html  \u{1b}[39m0.46 kB │ gzip: 0.30 kB",
            &["written local:dist/index.html"],
        ),
    ]);
}

#[test]
fn the_lines_of_s3cmd_are_read_by_their_quotes() {
    let size = "  (2 bytes in 0.0 seconds, 483.52 B/s) [1 of 3]";
    check(&[
        (
            &format!("upload: 'dist/a b/ü.html' -> 's3://site2/a b/ü.html'{size}"),
            &["written site2:a b/ü.html"],
        ),
        (&format!("upload: 'it's.html' -> 's3://b/it's.html'{size}"), &["written b:it's.html"]),
        ("delete: 's3://site2/old.js'", &["deleted site2:old.js"]),
        ("remote copy: 'a b/ü.html' -> 'index.html'  [1 of 2]", &["written destination:index.html"]),
        ("move: 's3://b/x' -> 's3://b/y'  [1 of 1]", &["deleted b:x", "written b:y"]),
        ("upload: 'dist/index.html' -> 's3://site2/index.html'", &["skipped DryRun"]),
        (
            "upload: 'dist/i.html' -> 's3://b/i.html'  [1 of 1]\n 2 of 2   100% in    0s   483.52 B/s  done",
            &["written b:i.html", "skipped Progress"],
        ),
        (
            "delete: 's3://b/x'\nWARNING: Exiting now because of --dry-run",
            &["skipped DryRun", "skipped Progress"],
        ),
        ("Done. Uploaded 7 bytes in 1.0 seconds, 7.00 B/s.", &["skipped Progress"]),
    ]);
}

#[test]
fn the_lines_of_s5cmd_and_s4cmd_have_their_second_name_at_its_scheme() {
    check(&[
        ("cp dist/a b/ü.html s3://two/s5/a b/ü.html", &["written two:s5/a b/ü.html"]),
        ("rm s3://two/y/gone.html", &["deleted two:y/gone.html"]),
        ("mv s3://b/x.js s3://b/y.js", &["deleted b:x.js", "written b:y.js"]),
        ("cp s3://b/x.js dist/x.js", &["skipped Downloaded"]),
        ("ERROR \"cp dist/x s3://b/x\": AccessDenied", &["skipped Failed"]),
        (
            r#"{"operation":"cp","success":true,"source":"dist/index.html","destination":"s3://b/index.html","object":{"type":"file","size":4}}"#,
            &["written b:index.html"],
        ),
        (r#"{"operation":"rm","success":true,"source":"s3://b/a b.js"}"#, &["deleted b:a b.js"]),
        (r#"{"operation":"cp","success":false,"source":"x","destination":"s3://b/x"}"#, &["skipped Failed"]),
        (
            r#"{"operation":"mv","success":true,"source":"s3://b/x","destination":"s3://b/y"}"#,
            &["deleted b:x", "written b:y"],
        ),
        ("dist/a b/ü.html => s3://two/s4/a b/ü.html", &["written two:s4/a b/ü.html"]),
    ]);
}

#[test]
fn the_lines_of_rclone_are_relative_to_its_destination() {
    let at = "2026/11/28 06:08:21 INFO  : ";
    let line = |rest: &str| format!("{at}{rest}");
    check(&[
        (&line("a b/ü.html: Copied (replaced existing)"), &["written destination:a b/ü.html"]),
        (&line("new: the best.html: Copied (new)"), &["written destination:new: the best.html"]),
        (&line("c/index.html: Deleted"), &["deleted destination:c/index.html"]),
        (&line("assets/big.bin: Updated modification time in destination"), &["skipped TimeChanged"]),
        (
            &line("new.js: Renamed from \"old.js\""),
            &["deleted destination:old.js", "written destination:new.js"],
        ),
        (&line("There was nothing to transfer"), &["skipped Progress"]),
        (
            "2026/11/28 06:08:21 NOTICE: index.html: Skipped copy as --dry-run is set (size 4)",
            &["skipped DryRun"],
        ),
        ("2026/11/28 06:08:21 ERROR : x: Failed to copy: AccessDenied", &["skipped Failed"]),
        (
            r#"{"level":"info","msg":"Copied (new)","object":"a b/ü.html","objectType":"*local.Object","source":"operations/copy.go:368","time":"2026-11-28T06:08:21.5+00:00"}"#,
            &["written destination:a b/ü.html"],
        ),
        (
            r#"{"level":"info","msg":"Deleted","object":"old.js","objectType":"*s3.Object","source":"operations/operations.go:600","time":"2026-11-28T06:08:21.5+00:00"}"#,
            &["deleted destination:old.js"],
        ),
        (
            r#"{"level":"info","msg":"\nTransferred:   \t  2 B / 2 B","source":"accounting/stats.go:498","stats":{"bytes":2},"time":"2026-11-28T06:08:21.5+00:00"}"#,
            &["skipped Progress"],
        ),
        (
            r#"{"level":"error","msg":"Failed to copy: AccessDenied","object":"x","source":"sync/sync.go:1","time":"2026-11-28T06:08:21.5+00:00"}"#,
            &["skipped Failed"],
        ),
        (r#"{"level":"info","msg":"Copied (new)","object":"x","source":"web"}"#, &["refused UnknownJson"]),
        (
            "Transferred:   \t  2 B / 2 B, 100%, 0 B/s, ETA -\nChecks:                 5 / 5, 100%\nElapsed time:  0.0s",
            &["skipped Progress"; 3],
        ),
    ]);
}

#[test]
fn gsutil_and_gcloud_are_read() {
    check(&[
        ("Copying file://dist/index.html [Content-Type=text/html]...", &["written local:dist/index.html"]),
        ("Copying file://dist/a b.html to gs://site/a b.html", &["written site:a b.html"]),
        ("Removing gs://site/old.js...", &["deleted site:old.js"]),
        ("Removing gs://site/old.js#1560468815691234...", &["deleted site:old.js"]),
        ("Would copy file://dist/x to gs://site/x", &["skipped DryRun"]),
        ("Building synchronization state...\n/ [3 files][  2.9 MiB/  2.9 MiB]", &["skipped Progress"; 2]),
        (
            "/ [1 files][  4.0 B/  8.0 B]   \rCopying file://dist/b.html [Content-Type=text/html]...",
            &["skipped Progress", "written local:dist/b.html"],
        ),
        ("Operation completed over 3 objects/2.9 MiB.", &["skipped Progress"]),
    ]);
}

#[test]
fn itemized_changes_of_rsync_tell_content_from_time() {
    check(&[
        (">f.s....... index.html", &["written destination:index.html"]),
        (">fc........ index.html", &["written destination:index.html"]),
        ("<f+++++++++ a b/ü.html", &["written destination:a b/ü.html"]),
        (">f..t...... index.html", &["skipped PerhapsChanged"]),
        ("<f..T...... index.html", &["skipped PerhapsChanged"]),
        (".f..t...... index.html", &["skipped TimeChanged"]),
        ("hf+++++++++ twin.html => index.html", &["written destination:twin.html"]),
        (".f...p..... index.html", &["skipped TimeChanged"]),
        ("cd+++++++++ a b/", &["skipped Folder"]),
        (".d..t...... ./", &["skipped Folder"]),
        ("cL+++++++++ link -> index.html", &["written destination:link"]),
        ("*deleting   gone.js", &["deleted destination:gone.js"]),
        (r">f+++++++++ a b/\#303\#274.html", &["written destination:a b/ü.html"]),
    ]);
}

#[test]
fn the_list_of_rsync_is_read_between_its_first_line_and_its_sums() {
    let list = "sending incremental file list\ndeleting gone.js\n./\nindex.html\na b/\na b/ü.html\nlink -> index.html\n\n\
        sent 230 bytes  received 54 bytes  568.00 bytes/sec\ntotal size is 4  speedup is 0.02";
    let files =
        ["deleted destination:gone.js", "skipped Folder", "written destination:index.html", "skipped Folder"];
    let rest = [
        "written destination:a b/ü.html",
        "written destination:link",
        "skipped Progress",
        "skipped Progress",
    ];
    let whole = [&["skipped Progress"][..], &files, &rest].concat();
    check(&[
        (list, &whole),
        (&format!("{list}\n/typed\nabout"), &[&whole[..], &["typed /typed", "typed about"]].concat()),
        (
            "sending incremental file list\nindex.html\n\nsent 2 bytes  received 4 bytes  5.00 bytes/sec\n\
             total size is 4  speedup is 0.02 (DRY RUN)",
            &["skipped Progress", "skipped DryRun", "skipped Progress", "skipped Progress"],
        ),
        (
            "sending incremental file list\ndelta-transmission disabled for local transfer\na.html is uptodate\nb.html\n\
             file has vanished: \"/srv/x.html\"\ntotal: matches=0  hash_hits=0\n\nsent 2 bytes  received 4 bytes  5.00 bytes/sec\n\
             total size is 4  speedup is 0.02",
            &[
                "skipped Progress",
                "skipped Progress",
                "skipped Unchanged",
                "written destination:b.html",
                "skipped Progress",
                "skipped Progress",
                "skipped Progress",
                "skipped Progress",
            ],
        ),
        (
            "sending incremental file list\na.html\nSo we went home.",
            &["skipped Progress", "written destination:a.html", "refused UnknownOutput"],
        ),
        (
            "sending incremental file list\nbig.bin\n          2 100%    0.00kB/s    0:00:00 (xfr#1, to-chk=3/5)\n\
             sent 2 bytes  received 4 bytes  5.00 bytes/sec\ntotal size is 4  speedup is 0.02",
            &[
                "skipped Progress",
                "written destination:big.bin",
                "skipped Progress",
                "skipped Progress",
                "skipped Progress",
            ],
        ),
    ]);
}

#[test]
fn tables_of_builders_are_read() {
    check(&[
        (
            "vite v5.0.0 building for production...\n✓ 34 modules transformed.\ndist/index.html                  0.46 kB │ gzip: 0.30 kB\n\
             dist/assets/index-abc.js       143.42 kB │ gzip: 46.11 kB │ map: 344.52 kB\ndist/a.png  1.20 kB\n✓ built in 1.23s",
            &[
                "skipped Progress",
                "skipped Progress",
                "written local:dist/index.html",
                "written local:dist/assets/index-abc.js",
                "written local:dist/a.png",
                "skipped Progress",
            ],
        ),
        (
            "Route (app)                              Size     First Load JS\n┌ ○ /                                    5.2 kB         92.4 kB\n\
             ├ ƒ /api/hello                           0 B                0 B\n├ ● /blog/[slug] (451 ms)\n├   ├ /blog/a\n├   └ [+3 more paths]\n\
             └ ○ /about                               1 kB             90 kB\n+ First Load JS shared by all            87 kB\n  ├ chunks/23-abc.js   31.5 kB\n\
             ○  (Static)   prerendered as static content",
            &[
                "skipped Progress",
                "typed /",
                "typed /api/hello",
                "skipped RoutePattern",
                "typed /blog/a",
                "skipped MoreNotNamed",
                "typed /about",
                "skipped Progress",
                "skipped HashedName",
                "skipped Progress",
            ],
        ),
        (
            "Start building sites …\nhugo v0.121.1-00b46fed linux/amd64\n\n                   | EN  \n-------------------+-----\n  Pages            |  8  \n\
             Total in 45 ms",
            &["skipped Progress"; 6],
        ),
    ]);
}
