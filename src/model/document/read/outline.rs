//! Which parts of a document are read: foreign documents are large, and little of them concerns a gateway.
//!
//! An outline is a type for each kind of mapping on the way to what is wanted. Types, not values, because serde hands a
//! value's type down into the reader and nothing else, and the reader's positions need its own types on the way.

/// A kind of mapping (or list) in a document, and which of its values are read.
pub trait Outline {
    /// What the values read as [`Part::Below`] are, and the elements of a list.
    type Below: Outline;
    /// What the values read as [`Part::Beside`] are.
    type Beside: Outline;
    /// Whether the elements of a list are read. If not, they are nulls.
    const ELEMENTS: bool = false;

    /// How the value of a key is read.
    fn part(key: &str) -> Part;
}

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Not at all, and its key is not kept.
    Nothing,
    /// A text, number or boolean as it is; of a mapping or list only that it is one.
    Scalar,
    /// As [`Outline::Below`].
    Below,
    /// As [`Outline::Beside`].
    Beside,
}

/// Every key and every element, at any depth.
#[derive(Debug)]
pub struct Whole;

impl Outline for Whole {
    type Below = Self;
    type Beside = Self;
    const ELEMENTS: bool = true;

    fn part(_key: &str) -> Part {
        Part::Below
    }
}

/// No key and no element.
#[derive(Debug)]
pub(super) struct Flat;

impl Outline for Flat {
    type Below = Self;
    type Beside = Self;

    fn part(_key: &str) -> Part {
        Part::Nothing
    }
}
