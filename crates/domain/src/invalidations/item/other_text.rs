//! Refuses lines that begin like a path or a URL and go on as prose, code, markup or the output of a program.

use super::{ItemError, several::is_file};

/// What programs put between names and numbers.
const BETWEEN: [&str; 8] = [": ", " -> ", " => ", " | ", " │ ", " s3://", " gs://", "   "];
/// Words of which a sentence has several, and the name of a file without an extension hardly ever two.
const SENTENCE: [&str; 56] = [
    "is", "are", "was", "were", "not", "has", "have", "had", "please", "should", "must", "will", "would",
    "can", "cannot", "this", "that", "these", "those", "it", "its", "we", "you", "they", "with", "from",
    "into", "the", "and", "but", "because", "after", "before", "when", "which", "still", "been", "be", "to",
    "for", "however", "many", "does", "did", "our", "your", "all", "then", "need", "needs", "looks", "shows",
    "gets", "today", "now", "again",
];
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
/// The beginnings of paths on a computer that a site hardly has.
const COMPUTER: [&str; 54] = [
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/lib/",
    "/usr/local/",
    "/usr/share/",
    "/usr/include/",
    "/bin/sh",
    "/bin/bash",
    "/bin/zsh",
    "/sbin/",
    "/etc/nginx",
    "/etc/apache2",
    "/etc/ssl/",
    "/etc/passwd",
    "/etc/hosts",
    "/etc/systemd/",
    "/etc/init.d/",
    "/etc/cron",
    "/var/www/",
    "/var/log/",
    "/var/lib/",
    "/var/run/",
    "/var/cache/",
    "/var/tmp/",
    "/var/task/",
    "/var/folders/",
    "/proc/self/",
    "/sys/class/",
    "/dev/null",
    "/dev/std",
    "/dev/sd",
    "/home/runner/",
    "/home/ubuntu/",
    "/home/ec2-user/",
    "/home/circleci/",
    "/home/jenkins/",
    "/private/var/",
    "/opt/homebrew/",
    "/github/workspace/",
    "/mnt/c/",
    "/cygdrive/",
    "/root/",
    "/tmp/",
    "/opt/app/",
    "/opt/build/",
    "/srv/www/",
    "/codebuild/output/",
    "/vercel/path0/",
    "/c/Users/",
    "/Volumes/",
    "/nix/store/",
    "/snap/bin/",
    "/proc/cpuinfo",
    "/bin/ls",
];
/// Folders of a person's computer or of a build, of which a site serves what is below them.
const WORK_FOLDERS: [&str; 12] = [
    "dist",
    "build",
    "public",
    "out",
    "_site",
    "htdocs",
    "node_modules",
    "projects",
    "repos",
    "src",
    "Documents",
    "Downloads",
];
/// Endings of files of which a program names a line.
const SOURCES: [&str; 24] = [
    "c", "cpp", "cs", "css", "go", "h", "html", "java", "js", "jsx", "kt", "md", "mjs", "php", "py", "rb",
    "rs", "scss", "sh", "svelte", "swift", "ts", "tsx", "vue",
];
/// Single words that are hardly ever a path.
const WORDS: [&str; 60] = [
    "begin",
    "break",
    "bye",
    "case",
    "cheers",
    "cls",
    "clear",
    "continue",
    "critical",
    "debug",
    "default",
    "do",
    "done",
    "elif",
    "else",
    "end",
    "endif",
    "enter",
    "eof",
    "error",
    "esac",
    "exit",
    "fail",
    "failed",
    "fast-forward",
    "fatal",
    "fi",
    "finally",
    "hello",
    "hey",
    "hi",
    "in",
    "info",
    "ls",
    "nil",
    "no",
    "none",
    "null",
    "ok",
    "okay",
    "pass",
    "passed",
    "please",
    "pwd",
    "regards",
    "return",
    "sorry",
    "success",
    "sudo",
    "thanks",
    "then",
    "true",
    "false",
    "try",
    "undefined",
    "warn",
    "warning",
    "whoami",
    "wip",
    "yes",
];
/// What a server calls kinds of content.
const CONTENT_TYPES: [&str; 7] = ["application", "audio", "font", "image", "multipart", "text", "video"];
const CONTENT_SUBTYPES: [&str; 16] = [
    "json",
    "html",
    "css",
    "plain",
    "javascript",
    "xml",
    "png",
    "jpeg",
    "gif",
    "webp",
    "svg+xml",
    "octet-stream",
    "form-data",
    "mp4",
    "woff2",
    "csv",
];

/// Checks a line that begins with a slash, or that is a URL of the distribution.
pub(super) fn check(line: &str, is_url: bool) -> Result<(), ItemError> {
    let path = line.split('?').next().unwrap_or(line);
    if path.starts_with("/>") || path.starts_with("/<") || path.contains("</") {
        return Err(ItemError::Markup);
    }
    // Each of these signs has a blank in it, and most paths have none.
    if path.contains(' ')
        && let Some(sign) = BETWEEN.into_iter().find(|sign| path.contains(sign))
    {
        return Err(ItemError::ToolOutput(sign));
    }
    if names_a_line(path) {
        return Err(ItemError::LineOfFile);
    }
    if !is_url && is_on_a_computer(path) {
        return Err(ItemError::ComputerPath);
    }
    if path.contains(' ') && has_words_behind(path, is_url) { Err(ItemError::WordsBehind) } else { Ok(()) }
}

/// Checks a line without a slash at its beginning that may otherwise be a path.
pub(super) fn check_relative(line: &str) -> Result<(), ItemError> {
    let path = line.split('?').next().unwrap_or(line);
    if path.starts_with("~/") {
        return Err(ItemError::ComputerPath);
    }
    let first = path.chars().next().unwrap_or('/');
    let is_single = !path.contains('/');
    let odd_begin = first == '-' || ('\u{2500}'..='\u{257f}').contains(&first) || (first == '@' && is_single);
    if odd_begin {
        return Err(ItemError::NotAPath(first));
    }
    let last = path.chars().next_back().unwrap_or('/');
    if matches!(last, '.' | '!' | '…') {
        return Err(ItemError::NotAPath(last));
    }
    let is_open = path.matches('(').count() != path.matches(')').count() || matches!(last, '(' | '[');
    if is_open || (is_single && last == ')' && is_call(path)) {
        return Err(ItemError::NotAPath('('));
    }
    // `.await` and `.card` are code; `.well-known/x` is a path.
    let is_member = is_single && first == '.' && !path[1..].contains('.');
    if is_member
        || (is_single && WORDS.contains(&path.to_ascii_lowercase().as_str()))
        || is_content_type(path)
    {
        return Err(ItemError::PlainWord);
    }
    Ok(())
}

/// Refuses lines of programs and texts that begin with `#` and are no tag.
pub(super) fn check_tag(tag: &str) -> Result<(), ItemError> {
    let code = tag.starts_with("!/")
        || tag.starts_with('#')
        || tag.starts_with("include<")
        || tag.contains("=\"")
        || tag.contains("=/")
        || (tag.starts_with(['[', '{']) && tag.ends_with([']', '}']))
        || ["endif", "else", "endregion"].contains(&tag);
    let bare = tag.is_ascii() && !tag.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if code || bare { Err(ItemError::CodeOrHeading) } else { Ok(()) }
}

/// Whether the path is that of a line of a file, such as `/app/main.js:10:5`.
fn names_a_line(path: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((before, last)) = path.rsplit_once(':').filter(|(_, last)| number(last)) else { return false };
    let ending = before.rsplit_once('.').map_or("", |(_, ending)| ending);
    SOURCES.contains(&ending) || before.rsplit_once(':').is_some_and(|(_, line)| number(line)) && number(last)
}

fn is_on_a_computer(path: &str) -> bool {
    // `/Users/ada/site/index.html`: a site may have `/Users/login`.
    let of_mac = path.starts_with("/Users/") && path.matches('/').take(4).count() == 4;
    let has_work_folder = |rest: &str| rest.split('/').any(|folder| WORK_FOLDERS.contains(&folder));
    // `/home/ada/site/dist/index.html`: a site may have `/home/news`.
    let below_home = path.strip_prefix("/home/").and_then(|rest| rest.split_once('/'));
    let of_linux = below_home.is_some_and(|(_, rest)| has_work_folder(rest));
    // `/builds/group/site/dist/index.html`
    let of_gitlab = path.strip_prefix("/builds/").is_some_and(has_work_folder);
    // Most paths differ from each of them in their first letter.
    let first_letter = path.as_bytes().get(1);
    let is_like = |begin: &&str| begin.as_bytes().get(1) == first_letter && path.starts_with(begin);
    of_mac || of_linux || of_gitlab || COMPUTER.iter().any(is_like)
}

/// Whether words that belong to no name follow a path.
fn has_words_behind(path: &str, is_url: bool) -> bool {
    let words = || path.split(' ').filter(|word| !word.is_empty());
    if path.starts_with("/ ") || words().any(|word| word == "$") {
        return true;
    }
    let is_answer =
        |word: &str| word.starts_with("HTTP/") || (word.len() == 3 && word.parse::<u16>().is_ok());
    if words().any(|word| METHODS.contains(&word)) && words().any(is_answer) {
        return true;
    }
    let last = words().next_back().unwrap_or_default();
    if is_file(last) {
        return false;
    }
    let first_is_file = words().next().is_some_and(is_file);
    let mut found =
        SENTENCE.iter().filter(|word| words().skip(1).any(|other| other.eq_ignore_ascii_case(word)));
    is_url || first_is_file || found.nth(1).is_some()
}

/// Whether this is a call of a function, such as `main()` or `log(x)`.
fn is_call(path: &str) -> bool {
    path.find('(').is_some_and(|at| path[..at].ends_with(|c: char| c.is_ascii_alphanumeric()))
}

fn is_content_type(path: &str) -> bool {
    path.split_once('/')
        .is_some_and(|(kind, rest)| CONTENT_TYPES.contains(&kind) && CONTENT_SUBTYPES.contains(&rest))
}
