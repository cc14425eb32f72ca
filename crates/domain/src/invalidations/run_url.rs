//! The URL of a pipeline run. A pipeline can send it with a request, and the history then links to it.

/// The longest URL, in bytes.
pub const RUN_URL_MAX: usize = 1_000;

/// Why a run URL is not valid, as a message for the author of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a run URL is an https address of at most {RUN_URL_MAX} characters, without a user name, such as https://ci.example.com/runs/42"
)]
pub struct RunUrlError;

/// Parses a run URL. Only `https` is accepted, because people will open the link.
pub fn parse_run_url(text: &str) -> Result<String, RunUrlError> {
    let text = text.trim();
    if text.len() > RUN_URL_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RunUrlError);
    }
    let url = url::Url::parse(text).map_err(|_| RunUrlError)?;
    let bare = url.username().is_empty() && url.password().is_none();
    let fits = url.scheme() == "https" && url.has_host() && bare;
    fits.then(|| url.to_string()).filter(|url| url.len() <= RUN_URL_MAX).ok_or(RunUrlError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_of_pages_are_taken() {
        let good = "https://ci.example.com/runs/42?job=1#step";
        assert_eq!(parse_run_url(good), Ok(good.to_owned()));
        for bad in [
            "",
            "http://ci.example.com/",
            "javascript:alert(1)",
            "https://",
            "https://user:secret@ci.example.com/",
            "https://ci.example.com/ a",
            "/runs/42",
            &format!("https://ci.example.com/{}", "a".repeat(1_000)),
        ] {
            assert_eq!(parse_run_url(bad), Err(RunUrlError), "{bad}");
        }
    }
}
