//! Output of tools that list files.

use super::*;

#[test]
fn lists_of_objects_name_keys() {
    check(&[
        ("2026-11-28 06:08:21    3000000 assets/big.bin", &["listed bucket:assets/big.bin"]),
        ("2026-11-28 06:08:21          2 a  b.html", &["listed bucket:a  b.html"]),
        ("2026-11-28 06:08:21 30000000000 big", &["listed bucket:big"]),
        ("2026-11-28 06:08:21    2.9 MiB assets/big.bin", &["listed bucket:assets/big.bin"]),
        ("2026-11-28 06:08:21          0 assets/", &["skipped Folder"]),
        (
            "                           PRE assets/\n2026-11-28 06:08:21          2 index.html",
            &["skipped Folder", "listed destination:index.html"],
        ),
        (
            "2026-11-28 06:08:21          2 index.html\n\nTotal Objects: 1\n   Total Size: 2",
            &["listed bucket:index.html", "skipped Progress", "skipped Progress"],
        ),
        ("2026-11-28 06:08            2  s3://b/a b.html", &["listed b:a b.html"]),
        // A log has no aligned size.
        ("2026-11-28 06:08:21 404 not found", &["typed 2026-11-28 06:08:21 404 not found"]),
    ]);
}

#[test]
fn names_with_status_of_git_are_read() {
    check(&[
        ("M\tdist/index.html", &["written local:dist/index.html"]),
        ("D\tgone.js", &["deleted local:gone.js"]),
        ("M\t\"dist/\\303\\274 b.html\"", &["written local:dist/ü b.html"]),
        (
            "R100\tdist/plain.html\tdist/new name.html",
            &["deleted local:dist/plain.html", "written local:dist/new name.html"],
        ),
        ("C075\ta.html\tb.html", &["written local:b.html"]),
        ("M\ta.html\nA\tLICENSE", &["written local:a.html", "written local:LICENSE"]),
        ("A\t5", &["typed A\t5"]),
        ("3\t1\tdist/a.html", &["listed local:dist/a.html"]),
        ("-\t-\tdist/{a => b}.png", &["deleted local:dist/a.png", "written local:dist/b.png"]),
    ]);
}

#[test]
fn short_status_of_git_is_read() {
    check(&[
        (" M dist/index.html", &["written local:dist/index.html"]),
        ("M  \"dist/quo\\\"te.html\"", &["written local:dist/quo\"te.html"]),
        (
            "R  dist/plain.html -> \"dist/new name.html\"",
            &["deleted local:dist/plain.html", "written local:dist/new name.html"],
        ),
        ("?? new.html\n?? dist/", &["written local:new.html", "skipped FolderOfUnnamedFiles"]),
        (" D gone.js", &["deleted local:gone.js"]),
        ("MM a.html", &["written local:a.html"]),
        ("!! dist/x.js", &["listed local:dist/x.js"]),
        ("## main...origin/main\n M a.html", &["typed ## main...origin/main", "written local:a.html"]),
        // The blank before the first line was lost.
        ("M a.html\n M b.html", &["written local:a.html", "written local:b.html"]),
        (" A book", &["typed A book"]),
        ("M a.html", &["typed M a.html"]),
    ]);
}

#[test]
fn sums_of_changes_of_git_are_read() {
    check(&[
        (
            " dist/index.html            | 2 +-\n dist/{plain.html => new name.html} | 0\n dist/a.png | Bin 0 -> 123 bytes\n 4 files changed, 3 insertions(+)",
            &[
                "listed local:dist/index.html",
                "deleted local:dist/plain.html",
                "written local:dist/new name.html",
                "listed local:dist/a.png",
                "skipped Progress",
            ],
        ),
        (" .../deep/index.html | 2 +-", &["refused Shortened"]),
        (
            " a/{ => b}/c.html | 0\n 1 file changed",
            &["deleted local:a/c.html", "written local:a/b/c.html", "skipped Progress"],
        ),
        (" a.html => b.html | 2 +-", &["deleted local:a.html", "written local:b.html"]),
        (" \"dist/\\303\\274.html\" | 2 +-", &["listed local:dist/ü.html"]),
        (
            " \"\\303\\274.html\" => \"\\303\\266.html\" | 4 ++--",
            &["deleted local:ü.html", "written local:ö.html"],
        ),
        (" create mode 100644 dist/a b.html", &["written local:dist/a b.html"]),
        (" delete mode 100644 old.js", &["deleted local:old.js"]),
        (" dist/star (gone) | 1 -", &["listed local:dist/star"]),
        (" dist/run (mode +x) | 2 +-", &["listed local:dist/run"]),
        (" dist/a (2026) | 2 +-", &["listed local:dist/a (2026)"]),
        (" rename dist/{a => b}.html (100%)", &["deleted local:dist/a.html", "written local:dist/b.html"]),
        (" mode change 100644 => 100755 run.sh", &["skipped TimeChanged"]),
        ("Total | 3", &["typed Total | 3"]),
    ]);
}

#[test]
fn lists_of_names_are_recognised_by_their_quotes_dots_and_folders() {
    check(&[
        (
            "\"dist/\\303\\274 b.html\"\n\"dist/tab\\there\"\n\"dist/quo\\\"te.html\"\ndist/new name.html\ndist/100%.html\nwww.example.com/x\n/typed",
            &[
                "listed local:dist/ü b.html",
                "listed local:dist/tab\there",
                "listed local:dist/quo\"te.html",
                "listed local:dist/new name.html",
                "listed local:dist/100%.html",
                "typed www.example.com/x",
                "typed /typed",
            ],
        ),
        ("dist/a.html\ndist/new name.html", &["listed local:dist/a.html", "listed local:dist/new name.html"]),
        ("dist/a.html\nSee docs/a for more.html", &["typed dist/a.html", "typed See docs/a for more.html"]),
        (
            ".\n./a b\n./a b/ü.html\n./c#.html",
            &["skipped Folder", "skipped Folder", "listed local:a b/ü.html", "listed local:c#.html"],
        ),
        ("./a.html\n./images/*", &["listed local:a.html", "refused WildcardAmongFiles"]),
        // These may be typed.
        ("./index.html", &["typed ./index.html"]),
        (
            "dist/index.html\ndist/app.js\nimages/*",
            &["typed dist/index.html", "typed dist/app.js", "typed images/*"],
        ),
    ]);
}

#[test]
fn lists_of_archives_are_read() {
    check(&[
        ("-rw-r--r-- root/root         2 2026-11-28 06:26 ./a b/ü.html", &["listed local:a b/ü.html"]),
        (
            "-rw-r--r-- root/root         2 2026-11-28 06:26 ./a b/\\303\\274.html",
            &["listed local:a b/ü.html"],
        ),
        ("drwxr-xr-x root/root         0 2026-11-28 06:26 ./a b/", &["skipped Folder"]),
        ("lrwxrwxrwx root/root         0 2026-11-28 06:26 ./link -> index.html", &["listed local:link"]),
        ("-rw-r--r--  0 root   wheel       2 Nov 28 06:26 ./index.html", &["listed local:index.html"]),
        ("-rw-r--r-- 1 me me 2 Nov 28  2025 index.html", &["listed local:index.html"]),
    ]);
}
