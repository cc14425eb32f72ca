//! Property tests with generated texts.

use super::*;

/// Pieces of the formats, so that generated texts come near to them.
const PIECES: [&str; 42] = [
    " --invalidation-batch=x",
    "{\"operation\":\"rm\",\"success\":true,\"source\":\"s3://b/a\"},",
    "upload: dist/a to s3://b/a",
    " to s3://",
    "upload: 'a' -> 's3://b/a'  (2 bytes in 0 s) [1 of 1]",
    "cp a s3://b/a",
    "sending incremental file list",
    "sent 2 bytes  received 4 bytes  5.00 bytes/sec",
    "total size is 4  speedup is 0.02",
    ">f+++++++++ a",
    "M\ta.html",
    " M a.html",
    "?? ",
    " | 2 +-",
    "{a => b}",
    "\"a\\303\\274\"",
    "\\",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    "{\"Paths\":{\"Quantity\":1,\"Items\":[\"/a\"]}}",
    "[\"a.html\"]",
    "<?xml version=\"1.0\"?>",
    "<urlset><url><loc>https://www.example.com/a</loc></url>",
    "</urlset>",
    "url,n",
    "https://www.example.com/a,3",
    ",",
    "aws cloudfront create-invalidation --paths /a",
    "<https://www.example.com/a|b>",
    "2026-11-28 06:08:21          2 a",
    "2026/11/28 06:08:21 INFO  : a: Copied (new)",
    "\r",
    "\n",
    "\u{1b}[32m",
    "\u{feff}",
    "ü",
    "./a",
    "...",
];

fn text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        4 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        2 => Just("\n".to_owned()),
        1 => "\\PC{0,12}",
        1 => "[ -~]{0,30}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(500))]

    #[test]
    fn every_line_is_accounted_for(text in text()) {
        let entries = read(&text);
        proptest::prop_assert_eq!(&entries, &read(&text));
        let lines = lines::split(&text);
        let last = lines.last().map_or(0, |line| line.number);
        proptest::prop_assert!(entries.iter().all(|entry| (1..=last).contains(&entry.number)));
        proptest::prop_assert!(entries.is_sorted_by_key(|entry| entry.number));
        // Lines of documents and tables are named by their elements.
        if text.contains(['{', '[', '<', ',', ';', '\t']) || text.contains("create-invalidation") { return Ok(()); }
        for line in &lines {
            proptest::prop_assert!(entries.iter().any(|entry| entry.number == line.number), "{:?}", line);
        }
    }

    #[test]
    fn paths_and_urls_stay_as_they_are(
        lines in proptest::collection::vec(
            "/[a-z0-9._%?=&()-]{0,20}|https://www\\.example\\.com/[a-z0-9 ,;._-]{0,20}[a-z]|#[a-z]{1,9}|[a-z]{1,8}/[a-z]{1,8}\\.html|\"/[a-z ]{1,8}\"",
            1..30,
        ),
    ) {
        let entries = read(&lines.join("\n"));
        let wanted: Vec<Entry> = (lines.iter().enumerate())
            .map(|(index, line)| Entry {
                number: index + 1,
                typed: line.clone(),
                reading: Reading::Typed(line.clone()),
            })
            .collect();
        proptest::prop_assert_eq!(entries, wanted);
    }
}

#[test]
fn long_texts_take_little_time() {
    let repeated = |piece: &str| piece.repeat(20_000 / piece.len());
    let befores = ["", "aws cloudfront create-invalidation ", "["];
    for (piece, before) in PIECES.iter().flat_map(|piece| befores.map(|before| (piece, before))) {
        for text in [repeated(piece), repeated(&format!("{piece}\n")), repeated(&format!("{piece} "))] {
            let text = format!("{before}{text}");
            let begun = std::time::Instant::now();
            let entries = read(&text);
            let taken = begun.elapsed();
            // This is no measurement: work that grows with the square of the text would take minutes.
            let typed: usize = entries.iter().map(|entry| entry.typed.len()).sum();
            assert!(typed <= 2 * text.len() + 1_000, "{piece:?} gives {typed} bytes");
            assert!(taken.as_secs() < 10, "{piece:?} took {taken:?} for {} entries", entries.len());
        }
    }
}
