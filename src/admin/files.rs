//! What the operators' files hold, as a configuration was loaded.

use std::sync::Arc;

use crate::policy::governance::Written;

/// What a text is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The configuration, without what is secret in it.
    Config,
    /// The rules.
    Rules,
    /// A file of governance objects.
    Governance,
}

/// A text that a snapshot is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it is of.
    pub role: Role,
    /// What it is called in messages: a path.
    pub name: Arc<str>,
    /// The text.
    pub text: Arc<str>,
}

/// An object of a file.
#[derive(Clone, Debug)]
pub struct FileObject {
    /// The file, as messages call it.
    pub file: Arc<str>,
    /// The object.
    pub written: Written,
}

/// What was loaded from files.
#[derive(Clone, Debug, Default)]
pub struct FileSet {
    /// The texts, in the order they were read.
    pub texts: Vec<Text>,
    /// The governance objects; no two have one key.
    pub objects: Vec<FileObject>,
    /// The Cedar engine that there must be, where no file is of it.
    pub engine: Option<Arc<str>>,
    /// What stands in the place of files because of a rollback.
    pub pins: Pins,
}

/// Texts of an earlier snapshot that stand in the place of files until those are edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// In the place of the rules.
    pub rules: Option<Pin>,
    /// In the place of the files of governance objects.
    pub governance: Option<Pin>,
}

/// What stands in the place of some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The version of the snapshot the texts are of.
    pub version: u64,
    /// SHA-256 of the files they stand in the place of, in lower-case hexadecimal: of others they do not.
    pub base: Arc<str>,
    /// The texts, in order. Of rules at most one; none = there are no rules.
    pub texts: Vec<Text>,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Config, Self::Rules, Self::Governance];

    /// The role's name in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Rules => "rules",
            Self::Governance => "governance",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl FileSet {
    /// The texts of one role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Text> {
        self.texts.iter().filter(move |text| text.role == role)
    }
}
