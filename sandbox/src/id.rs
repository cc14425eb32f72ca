//! Owns identifiers that look like CloudFront's.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

const BASE36: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn random_base36(length: usize) -> String {
    (0..length).map(|_| char::from(BASE36[fastrand::usize(..BASE36.len())])).collect()
}

/// `I` and 25 capitals and digits, as CloudFront makes them since 2022.
pub(crate) fn invalidation() -> String {
    format!("I{}", random_base36(25))
}

/// `E` and 13 capitals and digits.
pub(crate) fn distribution() -> String {
    format!("E{}", random_base36(13))
}

/// A label such as `d1a2b3c4d5e6f7` for a distribution's domain.
pub(crate) fn domain() -> String {
    format!("d{}.cloudfront.net", random_base36(13).to_lowercase())
}

/// The shape of a version 4 UUID.
pub(crate) fn request() -> String {
    let bits = fastrand::u128(..);
    let bits = (bits & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// What the edge calls a request: 56 letters that mean nothing.
pub(crate) fn edge_request() -> String {
    let letters: String = (0..54).map(|_| fastrand::alphanumeric()).collect();
    format!("{letters}==")
}

/// The same version of a configuration has the same `ETag`.
pub(crate) fn version(of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    let letters = digest.iter().take(13).map(|byte| char::from(BASE36[usize::from(*byte) % 36]));
    format!("E{}", letters.collect::<String>())
}

/// 32 hexadecimal digits that stand for some content, as S3's entity tags do.
pub(crate) fn content(of: &[u8]) -> String {
    Sha256::digest(of).iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
