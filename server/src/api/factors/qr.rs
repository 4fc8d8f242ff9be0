//! The picture by which an app is paired. Programs show it in an `<img>`, which carries no token: the address itself is the
//! right to see it, cannot be guessed, and ends with the first answer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use postern_authn::factor::{Enrolled, Kind, Status};
use postern_authn::user::User;
use postern_codes::id::{Factor, Id, User as UserKind};
use postern_codes::{b64, mac, otp};
use qrcode::{Color, QrCode};

use crate::App;
use crate::api::error::ApiError;
use crate::api::path::Path;

/// Pixels of one module.
const SCALE: usize = 5;
/// Modules of white around it, as the standard wants them.
const QUIET: usize = 4;

/// Where the picture of a factor is that waits for its first answer.
pub fn address(app: &App, user: &User, factor: &Enrolled) -> String {
    let token = b64::encode(&tag(app, factor));
    format!("{}/api/v1/users/{}/factors/{}/qr/{token}", app.config.public_url.first(), user.id, factor.id)
}

fn tag(app: &App, factor: &Enrolled) -> [u8; 32] {
    app.store.keyring().index(&[b"qr", factor.id.as_str().as_bytes()])
}

/// The picture.
pub async fn show(
    State(app): State<Arc<App>>,
    Path((who, which, token)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found::<Factor>(&which);
    let org = app.org().await?;
    let (Ok(user), Ok(id)) = (who.parse::<Id<UserKind>>(), which.parse::<Id<Factor>>()) else { return Err(missing()) };
    let read = app.store.read(org, |tx| {
        let name = tx.org_record()?.map(|org| org.name).unwrap_or_default();
        Ok((tx.user(user)?, tx.all_factors_of(user)?, name))
    });
    let (user, factors, org_name) = read.await?;
    let waits =
        |factor: &&Enrolled| factor.id == id && factor.kind == Kind::Totp && factor.status == Status::PendingActivation;
    let (Some(user), Some(factor)) = (user, factors.iter().find(waits)) else { return Err(missing()) };
    if !b64::decode(&token).is_some_and(|token| mac::equal(&token, &tag(&app, factor))) {
        return Err(missing());
    }
    let secret = app.store.keyring().open(&factor.secret)?;
    let uri = otp::otpauth_uri(&secret, &org_name, user.login.as_str());
    let code = QrCode::new(uri.expose().as_bytes()).map_err(ApiError::fault)?;
    let mut response = png(&code).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A picture of two colours (PNG, third edition): one bit a pixel, not compressed, since it is small.
fn png(code: &QrCode) -> Vec<u8> {
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let colors = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        let inside = |at: usize| (at / SCALE).checked_sub(QUIET).filter(|at| *at < modules);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| colors[y * modules + x] == Color::Dark)
    };
    let mut pixels = Vec::with_capacity(side * (side / 8 + 2));
    for y in 0..side {
        // The filter of the row: none.
        pixels.push(0);
        for begin in (0..side).step_by(8) {
            let bit = |at: usize| u8::from(begin + at >= side || !is_dark(begin + at, y)) << (7 - at);
            pixels.push((0..8).map(bit).sum());
        }
    }
    let length = u32::try_from(side).unwrap_or(u32::MAX).to_be_bytes();
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut image, *b"IHDR", &[&length[..], &length[..], &[1, 0, 0, 0, 0]].concat());
    chunk(&mut image, *b"IDAT", &stored(&pixels));
    chunk(&mut image, *b"IEND", &[]);
    image
}

/// Bytes in zlib's form (RFC 1950), in stored blocks (RFC 1951, section 3.2.4).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = bytes.chunks(0xffff);
    let last = blocks.len().saturating_sub(1);
    for (at, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(at == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend((high << 16 | low).to_be_bytes());
    out
}

fn chunk(image: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    image.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let begin = image.len();
    image.extend(name);
    image.extend(data);
    let sum = checksum(&image[begin..]);
    image.extend(sum.to_be_bytes());
}

/// CRC-32 as PNG has it.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_their_standards() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert!(stored(b"Wikipedia").ends_with(&0x11e6_0398_u32.to_be_bytes()));
    }

    #[test]
    fn a_picture_says_its_size_and_is_whole() {
        let code = QrCode::new(b"otpauth://totp/Acme:ada?secret=JBSWY3DPEHPK3PXP").unwrap();
        let image = png(&code);
        let side = u32::try_from((code.width() + 2 * QUIET) * SCALE).unwrap().to_be_bytes();
        assert_eq!((&image[1..4], &image[16..20], &image[20..24]), (b"PNG".as_slice(), &side[..], &side[..]));
        assert!(image.ends_with(&[0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]));
    }
}
