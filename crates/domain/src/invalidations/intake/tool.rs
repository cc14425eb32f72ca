//! The programs and formats whose output is read.

/// The program or format that a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    AwsS3,
    AwsS3Ls,
    /// A JSON list of objects or of keys, as `aws s3api` prints it.
    S3Api,
    /// A message of S3 about objects that changed.
    S3Event,
    S3cmd,
    S4cmd,
    S5cmd,
    Rclone,
    Gsutil,
    Rsync,
    /// A list of names, as `git diff --name-only` and `git ls-files` print it.
    GitNames,
    GitNameStatus,
    GitStat,
    GitStatus,
    Find,
    Tar,
    Vite,
    /// No tool: a list of keys that somebody asked for.
    Keys,
}

impl Tool {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::AwsS3 => "aws s3",
            Self::AwsS3Ls => "aws s3 ls",
            Self::S3Api => "aws s3api",
            Self::S3Event => "S3 event",
            Self::S3cmd => "s3cmd",
            Self::S4cmd => "s4cmd",
            Self::S5cmd => "s5cmd",
            Self::Rclone => "rclone",
            Self::Gsutil => "gsutil",
            Self::Rsync => "rsync",
            Self::GitNames => "git diff --name-only",
            Self::GitNameStatus => "git diff --name-status",
            Self::GitStat => "git diff --stat",
            Self::GitStatus => "git status",
            Self::Find => "find",
            Self::Tar => "tar",
            Self::Vite => "vite build",
            Self::Keys => "keys",
        }
    }
}
