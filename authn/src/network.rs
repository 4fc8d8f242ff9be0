//! Network addresses: ranges of them, zones made of ranges, and whose address a request really comes from.
//!
//! An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) is the IPv4 address everywhere. An IPv6 range never
//! holds an IPv4 address. Nothing here asks a name server or a map of the world.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod forwarded;
mod origin;
mod zone;

pub use forwarded::{Path, path};
pub use origin::{BadOrigin, OriginDraft, OriginName, OriginScope, ScopeGrant, WebOrigin};
pub use zone::{BadZone, SystemZone, Usage, ZoneDraft, ZoneName};

/// An address as it is compared: IPv4 in IPv6 clothes is IPv4.
pub const fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// How a range is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RangeForm {
    /// `192.0.2.0/24`
    Cidr,
    /// `192.0.2.1-192.0.2.9`, or one address.
    Range,
}

/// Addresses of one family from a first to a last, kept as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct AddressRange {
    form: RangeForm,
    text: String,
    first: IpAddr,
    last: IpAddr,
}

/// A range in requests, answers and the database.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Written {
    #[serde(rename = "type")]
    form: RangeForm,
    value: String,
}

/// The text names no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no range of addresses: {why}")]
pub struct BadRange {
    text: String,
    why: &'static str,
}

impl AddressRange {
    /// Reads a range of this form.
    ///
    /// # Errors
    /// [`BadRange`] with what is wrong.
    pub fn parse(form: RangeForm, text: &str) -> Result<Self, BadRange> {
        let text = text.trim();
        let ends = match form {
            RangeForm::Cidr => cidr(text),
            RangeForm::Range => range(text),
        };
        match ends {
            Ok((first, last)) => Ok(Self { form, text: text.to_owned(), first, last }),
            Err(why) => Err(BadRange { text: text.chars().take(100).collect(), why }),
        }
    }

    /// How it is written.
    pub const fn form(&self) -> RangeForm {
        self.form
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (canonical(address), self.first, self.last) {
            (IpAddr::V4(address), IpAddr::V4(first), IpAddr::V4(last)) => first <= address && address <= last,
            (IpAddr::V6(address), IpAddr::V6(first), IpAddr::V6(last)) => first <= address && address <= last,
            _ => false,
        }
    }
}

/// One address, a CIDR block or a range, whichever it looks like: for configuration files.
impl FromStr for AddressRange {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, BadRange> {
        let form = if text.contains('/') { RangeForm::Cidr } else { RangeForm::Range };
        Self::parse(form, text)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<Written> for AddressRange {
    type Error = BadRange;

    fn try_from(written: Written) -> Result<Self, BadRange> {
        Self::parse(written.form, &written.value)
    }
}

impl From<AddressRange> for Written {
    fn from(range: AddressRange) -> Self {
        Self { form: range.form, value: range.text }
    }
}

/// Bits behind the prefix may be set: `192.0.2.7/24` is the network that `192.0.2.7` is in.
fn cidr(text: &str) -> Result<(IpAddr, IpAddr), &'static str> {
    let (address, length) = text.split_once('/').ok_or("a block is written like 192.0.2.0/24")?;
    let address: IpAddr = address.trim().parse().map_err(|_| "it begins with no address")?;
    let is_number = !length.is_empty() && length.bytes().all(|c| c.is_ascii_digit());
    let length: u32 =
        Some(length).filter(|_| is_number).and_then(|text| text.parse().ok()).ok_or("no prefix length")?;
    match address {
        IpAddr::V4(_) if length > 32 => Err("the prefix of an IPv4 address has at most 32 bits"),
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            let bits = address.to_bits();
            Ok((IpAddr::V4((bits & !host).into()), IpAddr::V4((bits | host).into())))
        }
        IpAddr::V6(_) if length > 128 => Err("the prefix of an IPv6 address has at most 128 bits"),
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(length).unwrap_or(0);
            let (first, last) = ((address.to_bits() & !host).into(), (address.to_bits() | host).into());
            // Only a block that lies wholly within the written-as-IPv6 addresses is one of IPv4.
            let is_v4 = length >= 96 && address.to_ipv4_mapped().is_some();
            let end = |end| if is_v4 { canonical(IpAddr::V6(end)) } else { IpAddr::V6(end) };
            Ok((end(first), end(last)))
        }
    }
}

fn range(text: &str) -> Result<(IpAddr, IpAddr), &'static str> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let end =
        |text: &str| text.trim().parse().map(canonical).map_err(|_| "a range is written like 192.0.2.1-192.0.2.9");
    let (first, last): (IpAddr, IpAddr) = (end(first)?, end(last)?);
    if first.is_ipv4() != last.is_ipv4() {
        return Err("it begins with one family of addresses and ends with the other");
    }
    if first > last { Err("it ends before it begins") } else { Ok((first, last)) }
}

/// Many ranges, made to be asked often: whether one of them holds an address costs a binary search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges {
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

impl Ranges {
    /// Whether one of the ranges holds this address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (list, bits) = match canonical(address) {
            IpAddr::V4(address) => (&self.v4, u128::from(address.to_bits())),
            IpAddr::V6(address) => (&self.v6, address.to_bits()),
        };
        let behind = list.partition_point(|(first, _)| *first <= bits);
        list[..behind].last().is_some_and(|(_, last)| bits <= *last)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

impl<'r> FromIterator<&'r AddressRange> for Ranges {
    fn from_iter<I: IntoIterator<Item = &'r AddressRange>>(ranges: I) -> Self {
        let mut all = Self::default();
        for range in ranges {
            match (range.first, range.last) {
                (IpAddr::V4(first), IpAddr::V4(last)) => all.v4.push((first.to_bits().into(), last.to_bits().into())),
                (IpAddr::V6(first), IpAddr::V6(last)) => all.v6.push((first.to_bits(), last.to_bits())),
                // A range is of one family: its constructors see to it.
                (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {}
            }
        }
        Self { v4: merged(all.v4), v6: merged(all.v6) }
    }
}

/// In order, and no two of them overlap: only then does the last one that begins before an address decide.
fn merged(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut apart: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match apart.last_mut() {
            Some((_, end)) if first <= *end => *end = last.max(*end),
            _ => apart.push((first, last)),
        }
    }
    apart
}

#[cfg(test)]
mod tests;
