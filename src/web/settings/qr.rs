//! The secret of an authenticator, to be photographed or typed.

use qrcode::{EcLevel, QrCode, render::svg};

use crate::domain::sign_in::second_step::TotpSecret;

/// What is shown of a second step before it is on.
pub struct Offer {
    /// The QR code as the address of an image.
    pub image: String,
    /// The same for typing.
    pub typed: String,
}

impl Offer {
    /// None where the secret in the database is damaged.
    pub fn new(secret: &TotpSecret, email: &str) -> Option<Self> {
        let address = secret.address(email)?;
        let code = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::M).ok()?;
        let image = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
        Some(Self { image: data_address(&image), typed: secret.for_typing() })
    }
}

/// An SVG as a `data:` address, with everything escaped that an address or an attribute could mind.
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
