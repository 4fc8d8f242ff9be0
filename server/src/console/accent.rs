//! The colour of an organisation: judged against the grounds that our pages have in the light and in the dark (WCAG 2.2,
//! 1.4.3), and the small stylesheet made of it. The address of the stylesheet says all that is in it, so it is served
//! without a look at any row, and kept by browsers.

use std::fmt::{self, Write};
use std::str::FromStr;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::assets;
use super::words::reader;
use crate::api::ApiError;
use crate::api::path::Path;
use crate::api::routes::{Access, Routes};

/// The least contrast of text with its ground.
const LEAST: f64 = 4.5;
const BLACK: Colour = Colour([0; 3]);
const WHITE: Colour = Colour([255; 3]);

/// A colour in sRGB, as people write it: `#0b5563`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour([u8; 3]);

/// The text is no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a colour is # and six hexadecimal digits")]
pub struct NoColour;

/// When a page is light, when dark: as the system of its reader has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// White sheets.
    Light,
    /// Black ones.
    Dark,
}

/// A colour that cannot be read on every ground, and the nearest shade of it that can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its contrast is {}.{}:1, text needs 4.5:1; the nearest shade that has it is {nearest}", tenths / 10, tenths % 10)]
pub struct TooFaint {
    /// Its least contrast, in tenths, cut.
    pub tenths: u32,
    /// What would do.
    pub nearest: Colour,
}

/// A colour for each mode, both of which can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    light: Colour,
    dark: Colour,
}

impl Mode {
    /// The colour of the ground and of the sheets on it; `style.css` has the same.
    const fn grounds(self) -> [Colour; 2] {
        match self {
            Self::Light => [Colour([0xf1, 0xf3, 0xf1]), WHITE],
            Self::Dark => [Colour([0x12, 0x18, 0x18]), Colour([0x1a, 0x22, 0x22])],
        }
    }

    /// The colour of text.
    const fn ink(self) -> Colour {
        match self {
            Self::Light => Colour([0x18, 0x21, 0x20]),
            Self::Dark => Colour([0xe4, 0xea, 0xe8]),
        }
    }

    /// Where more contrast lies.
    const fn away(self) -> Colour {
        match self {
            Self::Light => BLACK,
            Self::Dark => WHITE,
        }
    }

    /// Ours, where the organisation has no colour.
    const fn own(self) -> Colour {
        match self {
            Self::Light => Colour([0x0b, 0x55, 0x63]),
            Self::Dark => Colour([0x79, 0xc3, 0xd2]),
        }
    }
}

impl Colour {
    /// Whether links and buttons of this colour can be read.
    ///
    /// # Errors
    /// How faint it is, and what would do.
    pub fn judge(self, mode: Mode) -> Result<(), TooFaint> {
        if self.is_read(mode) {
            return Ok(());
        }
        let least = mode.grounds().map(|ground| self.contrast(ground)).into_iter().fold(f64::MAX, f64::min);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a contrast is from 1 to 21")]
        let tenths = (least * 10.0) as u32;
        Err(TooFaint { tenths, nearest: self.readable(mode) })
    }

    /// The nearest shade of it that can be read; itself, where it can.
    #[must_use]
    pub fn readable(self, mode: Mode) -> Self {
        let shades = (0..=255_u8).map(|share| self.mixed(mode.away(), f64::from(share) / 255.0));
        shades.into_iter().find(|shade| shade.is_read(mode)).unwrap_or_else(|| mode.away())
    }

    fn is_read(self, mode: Mode) -> bool {
        mode.grounds().into_iter().all(|ground| self.contrast(ground) >= LEAST)
    }

    /// From 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(self) -> f64 {
        let linear = self.0.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        let mut mixed = [0; 3];
        for (to, (one, other)) in mixed.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            let value = f64::from(one).mul_add(1.0 - share, f64::from(other) * share).round();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let value = value as u8;
            *to = value;
        }
        Self(mixed)
    }
}

impl Accent {
    /// The two colours of an organisation. What it left out in the dark is a shade of the other; what cannot be read is
    /// not among its settings, and becomes what can.
    pub fn of(light: Option<Colour>, dark: Option<Colour>) -> Option<Self> {
        let given = light.or(dark)?;
        let light = light.unwrap_or_else(|| Mode::Light.own()).readable(Mode::Light);
        Some(Self { light, dark: dark.unwrap_or(given).readable(Mode::Dark) })
    }

    /// Its colour in this mode.
    pub const fn colour(self, mode: Mode) -> Colour {
        match mode {
            Mode::Light => self.light,
            Mode::Dark => self.dark,
        }
    }

    /// Where its stylesheet is: another version of us has another address.
    pub fn address(self) -> String {
        let colours = [self.light, self.dark].map(|colour| colour.to_string().replace('#', ""));
        assets::stamped(&format!("/static/accent/{}.css", colours.join("-")), &self.style())
    }

    /// Its stylesheet: what `style.css` calls accent.
    pub fn style(self) -> String {
        let tokens = |mode| {
            let [accent, strong, wash, on] = self.shades(mode);
            format!(":root{{--accent:{accent};--accent-strong:{strong};--accent-wash:{wash};--on-accent:{on}}}")
        };
        format!("{}@media (prefers-color-scheme:dark){{{}}}\n", tokens(Mode::Light), tokens(Mode::Dark))
    }

    /// The colour, a stronger one, a wash behind text, and what is written on it.
    fn shades(self, mode: Mode) -> [Colour; 4] {
        let (accent, [_, sheet]) = (self.colour(mode), mode.grounds());
        let strong = accent.mixed(mode.away(), 0.3);
        let washes = [0.12, 0.09, 0.06, 0.03].map(|share| sheet.mixed(accent, share));
        let is_read = |wash: &Colour| accent.contrast(*wash) >= LEAST && mode.ink().contrast(*wash) >= LEAST;
        let wash = washes.into_iter().find(is_read).unwrap_or(sheet);
        let on = match mode {
            Mode::Light => WHITE,
            Mode::Dark => Colour([0x0c, 0x14, 0x14]),
        };
        [accent, strong, wash, on]
    }

    /// How it looks in each mode: the ground, the sheet on it, the colour, what is written on it.
    pub fn samples(self) -> [[Colour; 4]; 2] {
        [Mode::Light, Mode::Dark].map(|mode| {
            let ([ground, sheet], [accent, _, _, on]) = (mode.grounds(), self.shades(mode));
            [ground, sheet, accent, on]
        })
    }

    /// The accent whose address ends so.
    fn named(file: &str) -> Option<Self> {
        let (light, dark) = file.strip_suffix(".css")?.split_once('-')?;
        let colour = |digits: &str| format!("#{digits}").parse::<Colour>().ok();
        let (light, dark) = (colour(light)?, colour(dark)?);
        (light.is_read(Mode::Light) && dark.is_read(Mode::Dark)).then_some(Self { light, dark })
    }
}

/// `/static/accent/*`.
pub fn routes() -> Routes {
    Routes::new().get("/static/accent/{colours}", Access::Anyone, async |Path(file): Path<String>| sheet(&file))
}

fn sheet(file: &str) -> Result<Response, ApiError> {
    let accent = Accent::named(file).ok_or_else(ApiError::no_such_path)?;
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((StatusCode::OK, headers, accent.style()).into_response())
}

/// In the head of a page: the stylesheet of its reader's organisation, where it has a colour.
pub struct Sheet;

impl FastWritable for Sheet {
    fn write_into(&self, dest: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        let Some(accent) = reader(values).accent else { return Ok(()) };
        Ok(write!(dest, "<link rel=\"stylesheet\" href=\"{}\">", accent.address())?)
    }
}

/// The colour of the icon, for a `data:` address.
pub struct Icon;

impl FastWritable for Icon {
    fn write_into(&self, dest: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        let colour = reader(values).accent.map_or_else(|| Mode::Light.own(), |accent| accent.light);
        Ok(write!(dest, "%23{}", colour.to_string().trim_start_matches('#'))?)
    }
}

/// Where nobody reads.
impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_into(f, askama::NO_VALUES).map_err(|_| fmt::Error)
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_into(f, askama::NO_VALUES).map_err(|_| fmt::Error)
    }
}

// A colour is digits.
impl HtmlSafe for Sheet {}
impl HtmlSafe for Icon {}

impl FromStr for Colour {
    type Err = NoColour;

    fn from_str(text: &str) -> Result<Self, NoColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(NoColour)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NoColour);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| NoColour)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl TryFrom<String> for Colour {
    type Error = NoColour;

    fn try_from(text: String) -> Result<Self, NoColour> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    /// A colour of every sort.
    fn colours() -> impl Iterator<Item = Colour> {
        let steps = || (0..=255_u8).step_by(17);
        steps().flat_map(move |red| steps().flat_map(move |green| steps().map(move |blue| Colour([red, green, blue]))))
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(colour("#0B5563").to_string(), "#0b5563");
        for wrong in ["", "#fff", "0b5563", "#0b556", "#0b55633", "#+b5563", "#zzzzzz", "#0b55é", "red"] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_faint_colour_is_refused_with_the_nearest_that_is_read() {
        let gold = colour("#ffcc00");
        let faint = gold.judge(Mode::Light).unwrap_err();
        assert_eq!(faint.tenths, 13);
        assert!(faint.nearest.judge(Mode::Light).is_ok() && faint.to_string().starts_with("its contrast is 1.3:1"));
        assert!(gold.judge(Mode::Dark).is_ok());
        assert!(colour("#0b5563").judge(Mode::Dark).is_err());
    }

    #[test]
    fn whatever_colour_is_given_every_text_is_read() {
        for given in colours() {
            let accent = Accent::of(Some(given), None).unwrap();
            for mode in [Mode::Light, Mode::Dark] {
                assert_eq!(given.judge(mode).is_ok(), given.readable(mode) == given, "{given}");
                let [own, strong, wash, on] = accent.shades(mode);
                let [ground, sheet] = mode.grounds();
                for (text, behind) in [
                    (own, ground),
                    (own, sheet),
                    (own, wash),
                    (mode.ink(), wash),
                    (on, own),
                    (on, strong),
                    (strong, sheet),
                ] {
                    assert!(text.contrast(behind) >= LEAST, "{given} {mode:?}: {text} on {behind}");
                }
            }
            assert_eq!(Accent::named(accent.address().split(['/', '?']).nth(3).unwrap()), Some(accent));
        }
    }

    #[test]
    fn the_grounds_are_those_of_the_stylesheet() {
        let (light, dark) = assets::STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (mode, style) in [(Mode::Light, light), (Mode::Dark, dark)] {
            let [ground, sheet] = mode.grounds();
            for (name, value) in [("ground", ground), ("sheet", sheet), ("ink", mode.ink()), ("accent", mode.own())] {
                assert!(style.contains(&format!("--{name}: {value};")), "{name} {value}");
            }
        }
    }

    #[test]
    fn no_other_file_is_a_stylesheet() {
        for wrong in ["x", ".css", "ffcc00-79c3d2.css", "0b5563-0b5563.css", "0b5563-79c3d2", "0b5563.css", "}-{.css"] {
            assert!(Accent::named(wrong).is_none(), "{wrong}");
        }
    }
}
