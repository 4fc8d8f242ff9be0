//! What an authenticator app takes: a QR code as a `data:` image, the one kind of image that pages may hold, and the same
//! as text.

use std::fmt::Write as _;

use askama::Template;
use askama::filters::HtmlSafe;
use postern_codes::otp;
use postern_codes::secret::Secret;
use qrcode::QrCode;
use qrcode::render::svg;

/// The picture that an app reads, and the same to be typed.
#[derive(Template)]
#[template(path = "console/parts/scan.html")]
pub struct Scan {
    /// From [`image`]; `None` leaves the text alone.
    qr: Option<Secret<String>>,
    /// In base 32, in groups of four, as people read it.
    secret: Secret<String>,
}

impl Scan {
    /// Of the secret of an app that somebody pairs.
    pub fn of_app(secret: &Secret<Vec<u8>>, org: &str, login: &str) -> Self {
        Self::new(&otp::otpauth_uri(secret, org, login), &otp::base32(secret))
    }

    /// Of an `otpauth:` address and the secret in it, in base 32.
    pub fn new(address: &Secret<String>, secret: &Secret<String>) -> Self {
        let characters: Vec<char> = secret.expose().chars().collect();
        let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
        Self { qr: image(address), secret: Secret::new(groups.join(" ")) }
    }
}

impl HtmlSafe for Scan {}

/// The image's address, or `None` where the text is too long for a QR code.
fn image(text: &Secret<String>) -> Option<Secret<String>> {
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
