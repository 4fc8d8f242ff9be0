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

/// The address of a file, with a mark of what is in it.
pub fn stamped(path: &str, body: &str) -> String {
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
    use crate::console::accent::Colour;

    /// The colours of a block of custom properties.
    fn colours(block: &str) -> BTreeMap<&str, Colour> {
        block
            .lines()
            .filter_map(|line| {
                let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
                Some((name, value.trim_end_matches(';').parse().ok()?))
            })
            .collect()
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
                let found = palette[text].contrast(palette[ground]);
                assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
            }
            for ground in ["sheet", "ground"] {
                let found = palette["edge"].contrast(palette[ground]);
                assert!(found >= 3.0, "edge on {ground}: {found:.2}");
            }
        }
    }
}
