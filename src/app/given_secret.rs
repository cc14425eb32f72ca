//! Secrets, which are given by a variable or by a file that another variable names.

use std::{fs, path::Path};

/// The secret of `variable`, or the one in the file of `variable` with `_FILE` behind it. Without white space at its ends.
/// `None` if neither gives one; `Err` in words if both do, or if the file cannot be read.
pub(super) fn read(
    variable: &str,
    given: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<String>, String> {
    let given = given.map(str::trim).filter(|text| !text.is_empty());
    let Some(file) = file.filter(|file| !file.as_os_str().is_empty()) else {
        return Ok(given.map(str::to_owned));
    };
    if given.is_some() {
        return Err(format!("{variable} and {variable}_FILE are both set; keep one"));
    }
    let text = fs::read_to_string(file).map_err(|error| {
        format!("{variable}_FILE names {}, which cannot be read: {error}", file.display())
    })?;
    match text.trim() {
        "" => Err(format!("{variable}_FILE names {}, which is empty", file.display())),
        secret => Ok(Some(secret.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_two_gives_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "from the file\n").unwrap();
        let read = |given, file| read("UNSTALE_SECRET", given, file);
        assert_eq!(read(Some(" given "), None), Ok(Some("given".to_owned())));
        assert_eq!(read(Some(""), Some(&file)), Ok(Some("from the file".to_owned())));
        assert_eq!(read(None, Some(Path::new(""))), Ok(None));
        assert!(read(Some("given"), Some(&file)).unwrap_err().contains("both set"));
        let none = folder.path().join("none");
        let missing = read(None, Some(&none)).unwrap_err();
        assert!(missing.starts_with("UNSTALE_SECRET_FILE names "), "{missing}");
        fs::write(&file, "\n").unwrap();
        assert!(read(None, Some(&file)).unwrap_err().ends_with("which is empty"));
    }
}
