//! Where a named file is, and what happened to it.

/// What the name of a file is relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// The name is a key of this bucket.
    Bucket(String),
    /// The name is a key of a bucket that the text does not name.
    UnnamedBucket,
    /// The name is a path on the computer where the tool ran, relative to the folder in which it ran.
    Local,
    /// The name is relative to the tool's destination, which its output does not tell.
    Destination,
}

/// What happened to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// It was added or changed.
    Written,
    Deleted,
    /// The tool only lists it.
    Listed,
}

/// What the person should know about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileNote {
    /// Blanks at the end of the line were taken for padding.
    PaddingCut,
}

impl FileNote {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::PaddingCut => "spaces at its end were removed: the tool adds them",
        }
    }
}
