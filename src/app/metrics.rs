//! Starts the record of metrics, where the settings ask for it.

use crate::{
    cloudfront::AwsOperation,
    config::MetricsArgs,
    domain::{causes::with_causes, secret::SecretHash},
    http::metrics::{MetricsExporter, MetricsOptions},
};

use super::given_secret;

/// A shorter token is guessed.
const TOKEN_MIN: usize = 16;

impl MetricsArgs {
    /// Starts recording. `None` if no metrics are to be served; `Err` in words if the token cannot be used.
    pub fn start(&self) -> Result<Option<MetricsOptions>, String> {
        let token = self.token()?;
        if token.is_none() && self.metrics_listen.is_none() {
            return Ok(None);
        }
        let operations = AwsOperation::ALL.map(|operation| (operation.service(), operation.as_str()));
        let exporter = MetricsExporter::install(operations)
            .map_err(|error| format!("metrics cannot be recorded: {}", with_causes(&error)))?;
        Ok(Some(MetricsOptions { exporter, token }))
    }

    /// The hash of the token that readers send.
    pub fn token(&self) -> Result<Option<SecretHash>, String> {
        let file = self.metrics_token_file.as_deref();
        let token = given_secret::read("UNSTALE_METRICS_TOKEN", self.metrics_token.as_deref(), file)?;
        match token {
            Some(token) if token.len() < TOKEN_MIN || !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(format!(
                    "UNSTALE_METRICS_TOKEN must be {TOKEN_MIN} or more visible ASCII characters without spaces, such as \
                     those of: openssl rand -hex 32"
                ))
            }
            token => Ok(token.map(|token| SecretHash::of(token.as_bytes()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_token_is_refused_and_never_shown() {
        let token = |text: &str| {
            MetricsArgs { metrics_token: Some(text.to_owned()), ..MetricsArgs::default() }.token()
        };
        assert_eq!(token("0123456789abcdef"), Ok(Some(SecretHash::of(b"0123456789abcdef"))));
        assert_eq!(token(""), Ok(None));
        for bad in ["0123456789abcde", "0123456789 abcdef", "0123456789abcdé"] {
            let refused = token(bad).unwrap_err();
            assert!(refused.starts_with("UNSTALE_METRICS_TOKEN") && !refused.contains(bad), "{refused}");
        }
    }
}
