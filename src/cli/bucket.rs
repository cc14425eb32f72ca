//! Backups in a bucket of S3, for commands.

use crate::{
    cloudfront::{AwsEnvironment, S3},
    domain::{
        backups::{S3Object, S3Prefix},
        causes::with_causes,
    },
    workers::{BackupError, RestoreError, S3Backups},
};

use super::CliError;

/// Opens the backups below a prefix, with the credentials and the region of the environment. Makes no call.
pub(super) async fn backups(place: S3Prefix) -> Result<S3Backups, CliError> {
    let environment = AwsEnvironment::read().await?;
    let s3 = S3::from_environment(&environment)?;
    Ok(S3Backups::new(s3.ok_or("there are no credentials of AWS")?, place))
}

/// The object that an operand names. `None` if it names a file.
pub(super) fn object(operand: &std::path::Path) -> Result<Option<S3Object>, CliError> {
    let text = operand.to_string_lossy();
    let object = S3Object::given(&text).transpose();
    object.map_err(|error| format!("{text}: {error}").into())
}

/// The error, and below it what to do where S3 has refused something.
pub(super) fn with_fix(error: CliError) -> CliError {
    let of_backup = |error: &BackupError| matches!(error, BackupError::S3(_)).then(|| error.fix());
    let fix = match (error.downcast_ref::<BackupError>(), error.downcast_ref::<RestoreError>()) {
        (Some(error), _) | (_, Some(RestoreError::Copy(error))) => of_backup(error),
        _ => None,
    };
    match fix {
        Some(fix) => format!("{}\n{fix}", with_causes(error.as_ref())).into(),
        None => error,
    }
}
