//! Why a line names nothing to refresh.

/// Why a line names nothing to refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// What a tool tells about its progress, or the sum at the end.
    Progress,
    /// The tool only said what it would do. Nothing was changed.
    DryRun,
    /// Only a time or a permission of the file was changed.
    TimeChanged,
    /// The file was transferred, and the tool does not tell whether its content changed.
    PerhapsChanged,
    /// The file is the same as before.
    Unchanged,
    /// The tool could not do it.
    Failed,
    /// The file was copied to a computer, and nothing that viewers get was changed.
    Downloaded,
    Folder,
    /// A folder that stands for its files.
    FolderOfUnnamedFiles,
    /// The command itself, without a path.
    Command,
    /// A route with a part that each page fills in.
    RoutePattern,
    /// Stands for further paths that the tool does not name.
    MoreNotNamed,
    /// A part of an application whose name changes with its content.
    HashedName,
    /// A row of a table without a URL.
    EmptyRow,
    /// A tag of a sitemap without a URL.
    SitemapDetail,
}

impl SkipReason {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Progress => "a message of the tool, not a file",
            Self::DryRun => "a dry run: the tool changed nothing",
            Self::TimeChanged => {
                "only its time or permissions changed; write its path if its content changed too"
            }
            Self::PerhapsChanged => {
                "rsync transferred it, and does not say whether only its time changed; write its path if its content changed"
            }
            Self::Unchanged => "the tool did not change it",
            Self::Failed => "the tool failed here; run it again",
            Self::Downloaded => "it was copied from the bucket, and nothing changed there",
            Self::Folder => "a folder; its files are named by themselves",
            Self::FolderOfUnnamedFiles => {
                "a folder whose files are not named; use `git status --porcelain -uall` to have them named"
            }
            Self::Command => "the command itself",
            Self::RoutePattern => "a pattern of many pages; write their paths, or a wildcard",
            Self::MoreNotNamed => {
                "stands for more pages that the tool does not name; write their paths, or a wildcard"
            }
            Self::HashedName => {
                "a part whose name changes with its content, so no old copy is cached under it"
            }
            Self::EmptyRow => "a row without a URL",
            Self::SitemapDetail => "a detail of the sitemap, not a URL",
        }
    }
}
