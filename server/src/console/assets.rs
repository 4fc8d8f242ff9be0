//! The stylesheet and the script, compiled in.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use postern_codes::{b64, mac};

use crate::api::routes::{Access, Routes};

/// The one stylesheet.
pub const STYLE: &str = include_str!("../../static/style.css");

/// The one script.
pub const SCRIPT: &str = include_str!("../../static/console.js");

/// What the browser's dialog of passkeys needs.
pub const PASSKEY: &str = include_str!("../../static/passkey.js");

/// Where a page finds the stylesheet: the address changes with what is in it, so that no page meets an older one.
pub static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| stamped("/static/style.css", STYLE));

/// Where a page finds the script.
pub static SCRIPT_ADDRESS: LazyLock<String> = LazyLock::new(|| stamped("/static/console.js", SCRIPT));

/// Where a page finds the script of passkeys.
pub static PASSKEY_ADDRESS: LazyLock<String> = LazyLock::new(|| stamped("/static/passkey.js", PASSKEY));

/// `/static/*`, kept by browsers for as long as they like: another version has another address.
pub fn routes() -> Routes {
    let script = |text| asset("text/javascript; charset=utf-8", text);
    Routes::new()
        .get("/static/style.css", Access::Anyone, async || asset("text/css; charset=utf-8", STYLE))
        .get("/static/console.js", Access::Anyone, async move || script(SCRIPT))
        .get("/static/passkey.js", Access::Anyone, async move || script(PASSKEY))
}

fn stamped(path: &str, body: &str) -> String {
    let hash = mac::sha256(&[body.as_bytes()]);
    format!("{path}?v={}", &b64::encode(&hash)[..12])
}

fn asset(kind: &'static str, body: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::STYLE;

    /// The colours of a block of custom properties, as red, green and blue.
    fn colours(block: &str) -> BTreeMap<&str, [u8; 3]> {
        block
            .lines()
            .filter_map(|line| {
                let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
                let number = u32::from_str_radix(value.trim_end_matches(';'), 16).ok()?;
                let [_, red, green, blue] = number.to_be_bytes();
                Some((name, [red, green, blue]))
            })
            .collect()
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(colour: [u8; 3]) -> f64 {
        let linear = colour.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_text_and_every_edge_has_its_contrast_in_light_and_dark() {
        let (light, rest) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let dark = rest.split_once("/* ---------- elements").unwrap().0;
        let texts = [
            ("ink", "ground"),
            ("ink", "sheet"),
            ("ink", "accent-wash"),
            ("quiet", "ground"),
            ("quiet", "sheet"),
            ("quiet", "well"),
            ("accent", "ground"),
            ("accent", "sheet"),
            ("accent", "accent-wash"),
            ("on-accent", "accent"),
            ("on-accent", "accent-strong"),
            ("danger", "sheet"),
            ("danger", "danger-wash"),
            ("warning", "sheet"),
            ("warning", "warning-wash"),
            ("success", "sheet"),
            ("success", "success-wash"),
        ];
        for palette in [colours(light), colours(dark)] {
            for (text, ground) in texts {
                let found = contrast(palette[text], palette[ground]);
                assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
            }
            for ground in ["sheet", "ground"] {
                let found = contrast(palette["edge"], palette[ground]);
                assert!(found >= 3.0, "edge on {ground}: {found:.2}");
            }
        }
    }
}
