//! Refuses text that a shell or a template should have replaced or removed before.

use super::ItemError;

/// Words at the end of a line that end the arguments of a command.
const LAST_WORDS: [&str; 8] = ["\\", "&", "&&", "|", "||", ";", ">", ">>"];
/// The beginnings of variables in shells, pipelines and templates: `${BASE}`, `$(Build.Id)`, `{{ base }}`.
const VARIABLES: [&str; 3] = ["${", "$(", "{{"];
/// How many characters of a word an error message repeats.
const WORD_TOLD: usize = 40;

/// Refuses variables that were not replaced, and braces that a shell would have expanded to several paths.
pub(super) fn check_variables(line: &str) -> Result<(), ItemError> {
    if !line.contains('$') && !line.contains('{') {
        return Ok(());
    }
    let bare = line.strip_prefix('$').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    let mark = VARIABLES.into_iter().find(|mark| line.contains(mark));
    if let Some(mark) = mark.or_else(|| (bare || path_of(line).split('/').any(is_variable)).then_some("$")) {
        return Err(ItemError::Variable(mark));
    }
    if has_choice(path_of(line)) { Err(ItemError::Braces) } else { Ok(()) }
}

/// Refuses text that follows a path in a command: a backslash at the end, an option or a redirection.
pub(super) fn check_words(line: &str) -> Result<(), ItemError> {
    if let Some(word) = word_behind(line) {
        // The value of an option may be a secret, so the message does not repeat it.
        let word = word.split('=').next().unwrap_or_default();
        return Err(ItemError::ShellWord(word.chars().take(WORD_TOLD).collect()));
    }
    if line.ends_with('\\') { Err(ItemError::ShellWord("\\".to_owned())) } else { Ok(()) }
}

/// A word behind the first blank that is meant for a shell.
fn word_behind(line: &str) -> Option<&str> {
    if !line.contains(' ') {
        return None;
    }
    let words = || line.split(' ').filter(|word| !word.is_empty()).skip(1);
    let last = words().last().filter(|word| LAST_WORDS.contains(word));
    let plain = path_of(line).split(' ').skip(1).find(|word| matches!(*word, ">" | ">>" | "<"));
    last.or(plain).or_else(|| words().find(|word| is_option(word) || is_redirection(word)))
}

fn path_of(line: &str) -> &str {
    line.split('?').next().unwrap_or(line)
}

/// Whether a whole path segment is a variable, such as `$BASE`. `$metadata` and `$web` are real names.
fn is_variable(folder: &str) -> bool {
    folder.strip_prefix('$').is_some_and(|name| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

/// Whether the path has a choice for a shell, such as `{a,b}` or `{1..3}`. `{id}` is a real name.
fn has_choice(path: &str) -> bool {
    let (mut open, mut choice, mut before) = (0_usize, false, ' ');
    for c in path.chars() {
        match c {
            '{' => open += 1,
            '}' if open > 0 => {
                if choice {
                    return true;
                }
                open -= 1;
            }
            ',' if open > 0 => choice = true,
            '.' if open > 0 && before == '.' => choice = true,
            _ => {}
        }
        before = c;
    }
    false
}

/// Whether the word is an option, such as `--wait` or `--reason=x`.
fn is_option(word: &str) -> bool {
    let name = word.split('=').next().and_then(|name| name.strip_prefix("--"));
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    })
}

/// Whether the word is a redirection, such as `2>&1`, `>log` or `&>log`.
fn is_redirection(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    rest.len() > 1 && rest.starts_with('>')
}
