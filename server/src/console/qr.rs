//! A QR code as a `data:` image, the one kind of image that pages may hold.

use std::fmt::Write as _;

use postern_codes::secret::Secret;
use qrcode::QrCode;
use qrcode::render::svg;

/// The image's address, or `None` where the text is too long for a QR code.
pub fn image(text: &Secret<String>) -> Option<Secret<String>> {
    let code = QrCode::new(text.expose().as_bytes()).ok()?;
    let drawing = code.render::<svg::Color<'_>>().quiet_zone(true).min_dimensions(176, 176).build();
    let mut address = String::from("data:image/svg+xml,");
    for byte in drawing.bytes() {
        // Letters, digits and what an SVG is mostly made of stay; all else is percent-encoded, quotes included.
        if byte.is_ascii_alphanumeric() || b" -./:=,;".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    Some(Secret::new(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_needs_no_escaping_in_an_attribute() {
        let address = image(&Secret::new("otpauth://totp/Postern:ada?secret=JBSWY3DPEHPK3PXP".into())).unwrap();
        assert!(address.expose().starts_with("data:image/svg+xml,%3C"));
        assert!(!address.expose().contains(['"', '<', '>', '#', '&', '\'']));
    }

    #[test]
    fn what_does_not_fit_has_no_image() {
        assert!(image(&Secret::new("x".repeat(4000))).is_none());
    }
}
