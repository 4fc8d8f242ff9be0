//! [`Secret`]: a value that cannot be printed by accident. [`Sealed`]: the same value as storage sees it.

use std::fmt;
use std::marker::PhantomData;

use zeroize::Zeroize;

/// A value that has no `Debug`, `Display` or `Serialize` and is wiped on drop. Reading it is the visible act
/// [`expose`](Self::expose).
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value; the caller keeps no copy.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for as long as the borrow lives.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'de, T: Zeroize + serde::Deserialize<'de>> serde::Deserialize<'de> for Secret<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// The table, row and column that a sealed value belongs to. It is bound into the ciphertext, so that a value moved to
/// another place does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the table, or of the file's section on a computer.
    pub table: &'static str,
    /// Primary key of the row.
    pub row: String,
    /// Name of the column.
    pub column: &'static str,
}

impl Place {
    /// `column` of the row `row` in `table`.
    pub fn new(table: &'static str, row: impl fmt::Display, column: &'static str) -> Self {
        Self { table, row: row.to_string(), column }
    }
}

/// An encrypted `T` and the place it belongs to. Opened only by a [`Keyring`](crate::mac::Keyring).
pub struct Sealed<T> {
    place: Place,
    bytes: Vec<u8>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Sealed<T> {
    /// What storage held at `place`; whether it is genuine shows when it is opened.
    pub const fn from_storage(place: Place, bytes: Vec<u8>) -> Self {
        Self { place, bytes, kind: PhantomData }
    }

    /// Where it belongs.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What storage keeps.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), bytes: self.bytes.clone(), kind: PhantomData }
    }
}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}.{})", self.place.table, self.place.column)
    }
}
