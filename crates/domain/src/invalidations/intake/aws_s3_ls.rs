//! Reads what `aws s3 ls` prints, with `--recursive` or without, and `s3cmd ls`.

use super::{FileChange, FilePlace, SkipReason, Tool, context::Context, found::Found, two_names::address};

/// How many characters the AWS CLI takes for a size. Smaller ones are padded before them.
const SIZE_WIDTH: usize = 10;

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    if is_prefix(body)
        || body.trim_start().strip_prefix("DIR  ").is_some_and(|rest| rest.trim_start().starts_with("s3://"))
    {
        return Some(Found::skipped(SkipReason::Folder));
    }
    if is_sum(body, context) {
        return Some(Found::skipped(SkipReason::Progress));
    }
    of_s3cmd(body).or_else(|| {
        let key = key_of(body)?;
        // Without --recursive the names are relative to the prefix that was asked for.
        let place = if context.s3_prefixes { FilePlace::Destination } else { FilePlace::UnnamedBucket };
        Some(Found::file(key, place, FileChange::Listed, Tool::AwsS3Ls))
    })
}

/// `                           PRE assets/`
pub(super) fn is_prefix(body: &str) -> bool {
    body.trim_start().strip_prefix("PRE ").is_some_and(|name| body.starts_with("    ") && name.ends_with('/'))
}

/// Whether only a list of objects has this line.
pub(super) fn is_certain(body: &str) -> bool {
    key_of(body).is_some()
}

fn is_sum(body: &str, context: &Context) -> bool {
    let text = body.trim_start();
    context.s3_list && ["Total Objects: ", "Total Size: "].iter().any(|begin| text.starts_with(begin))
}

/// The key of `2026-11-28 06:08:21    3000000 assets/big.bin`, also with `2.9 MiB` for the size.
fn key_of(body: &str) -> Option<&str> {
    let rest = after_date(body, b"0000-00-00 00:00:00 ")?;
    let padded = rest.trim_start_matches(' ');
    let padding = rest.len() - padded.len();
    let digits = padded.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let mut size = &padded[..digits];
    if let Some(unit) = unit_of(&padded[digits..]) {
        size = &padded[..digits + unit.len()];
    }
    let aligned = padding + size.len() == SIZE_WIDTH || (padding == 0 && size.len() > SIZE_WIDTH);
    let sound = size.starts_with(|c: char| c.is_ascii_digit()) && aligned;
    sound.then(|| padded[size.len()..].strip_prefix(' '))?
}

/// ` Bytes` or ` MiB` at the beginning of the text.
fn unit_of(text: &str) -> Option<&str> {
    [" Bytes", " Byte", " KiB", " MiB", " GiB", " TiB"].into_iter().find(|unit| text.starts_with(unit))
}

/// `2026-11-28 06:08         2  s3://bucket/key`
fn of_s3cmd(body: &str) -> Option<Found> {
    let rest = after_date(body, b"0000-00-00 00:00 ")?.trim_start_matches(' ');
    let (size, rest) = rest.split_once(' ')?;
    let address = address(rest.trim_start_matches(' ').trim_end_matches(' '))?;
    let sound = size.bytes().all(|byte| byte.is_ascii_digit());
    let place = FilePlace::Bucket(address.bucket.to_owned());
    sound.then(|| Found::file(address.key, place, FileChange::Listed, Tool::S3cmd))
}

fn after_date<'a>(body: &'a str, shape: &[u8]) -> Option<&'a str> {
    let fits = body.len() > shape.len()
        && shape.iter().zip(body.bytes()).all(|(want, byte)| match want {
            b'0' => byte.is_ascii_digit(),
            other => *other == byte,
        });
    fits.then(|| body.get(shape.len()..))?
}
