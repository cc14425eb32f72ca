//! Request headers as lines of a form.

use crate::domain::checks::{LookHeaders, NewHeader};

/// Reads `Name: value`, one a line. `Err` says which line cannot be read. It does not repeat the line, which may have a
/// secret in it.
pub fn parse(text: &str) -> Result<Vec<NewHeader>, String> {
    let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
    let given = lines.filter(|(line, _)| !line.is_empty());
    given
        .map(|(line, number)| {
            let (name, value) = line.split_once(':').ok_or_else(|| {
                format!("Line {number} has no colon. Write a header as Name: value, one a line")
            })?;
            Ok(NewHeader { name: name.trim().to_owned(), value: value.trim().to_owned() })
        })
        .collect()
}

/// The lines of what is set. A secret has no value in them.
pub fn shown(headers: &LookHeaders) -> String {
    let plain = headers.plain.iter().map(|(name, value)| format!("{name}: {value}"));
    let secret = headers.secret.iter().map(|header| format!("{}:", header.name));
    plain.chain(secret).collect::<Vec<_>>().join("\n")
}
