//! The smallest change there is: what one source says of one key.

use std::sync::Arc;

use crate::admin::Digest;
use crate::policy::governance::{Object, ObjectKey};

/// An object, and the digest of what is written of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The object.
    pub object: Arc<Object>,
    /// [`Digest::of_object`].
    pub digest: Digest,
}

/// What one source says of a key from now on. `None` = nothing.
#[derive(Clone, Debug)]
pub struct RowChange {
    /// The key.
    pub key: ObjectKey,
    /// What is said of it.
    pub row: Row,
}

/// What a source says of a key.
#[derive(Clone, Debug)]
pub enum Row {
    /// The API.
    Api(Option<Entry>),
    /// A file.
    File(Option<Entry>),
    /// That a grant of a file was revoked: the grant that reads so.
    Revoked(Option<Entry>),
}

/// A source of what is said of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// See [`Row::Api`].
    Api,
    /// See [`Row::File`].
    File,
    /// See [`Row::Revoked`].
    Revoked,
}

impl Entry {
    /// The entry of an object.
    #[must_use]
    pub fn new(object: Object) -> Self {
        let digest = Digest::of_object(&object.key, &object.written);
        Self { object: Arc::new(object), digest }
    }
}

impl Row {
    /// Which source says it.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        match self {
            Self::Api(_) => Origin::Api,
            Self::File(_) => Origin::File,
            Self::Revoked(_) => Origin::Revoked,
        }
    }
}

impl Origin {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Api, Self::File, Self::Revoked];

    /// The source's name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::File => "file",
            Self::Revoked => "revoked",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == name)
    }
}
