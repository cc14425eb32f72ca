//! The secret for an authenticator app, to be scanned or typed.

use qrcode::{EcLevel, QrCode, render::svg};

use crate::domain::sign_in::second_step::TotpSecret;

/// The secret of a second step that is not confirmed yet, as the page shows it.
pub struct Offer {
    /// The URL of an image with the QR code.
    pub image: String,
    /// The secret as text, for typing.
    pub typed: String,
}

impl Offer {
    /// `None` if the secret in the database is damaged.
    pub fn new(secret: &TotpSecret, email: &str) -> Option<Self> {
        let address = secret.address(email)?;
        let code = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::M).ok()?;
        let image = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
        Some(Self { image: data_address(&image), typed: secret.for_typing() })
    }
}

/// An SVG image as a `data:` URL. Every byte that has a meaning in a URL or an HTML attribute is escaped.
fn data_address(svg: &str) -> String {
    let mut address = "data:image/svg+xml,".to_owned();
    for byte in svg.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:=".contains(&byte) {
            address.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_an_address_without_quotes() {
        let offer = Offer::new(&TotpSecret::from_random([7; 20]), "ada@example.com").unwrap();
        assert!(offer.image.starts_with("data:image/svg+xml,%3C"), "{}", &offer.image[..40]);
        assert!(!offer.image.contains(['"', '<', '>', ' ', '#']));
        assert_eq!(offer.typed.len(), 39);
    }
}
